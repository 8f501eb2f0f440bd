namespace ZeroCopy.Client.Metadata;

/// <summary>A region of shared memory that a server has registered.</summary>
/// <param name="Name">What the server calls it.</param>
/// <param name="Key">Name of the object of shared memory.</param>
/// <param name="Offset">Where the region begins in the object, in bytes.</param>
/// <param name="ByteSize">Its size.</param>
public sealed record SharedMemoryStatus(string Name, string Key, long Offset, long ByteSize);
