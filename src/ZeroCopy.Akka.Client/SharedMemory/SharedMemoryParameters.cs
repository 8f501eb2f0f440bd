namespace ZeroCopy.Client.SharedMemory;

/// <summary>Names of the parameters that say where an input or output lies.</summary>
internal static class SharedMemoryParameters
{
    public const string Region = "shared_memory_region";
    public const string Offset = "shared_memory_offset";
    public const string ByteSize = "shared_memory_byte_size";
}
