using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;

namespace ZeroCopy.Safetensors;

/// <summary>
/// The header of a safetensors file: eight bytes of little-endian length, then JSON that names each tensor's type, shape and place.
/// Reading trusts nothing: any input is a header whose tensors lie inside the file, without holes or overlaps, or an exception.
/// Immutable. Source: the format's description at https://github.com/huggingface/safetensors.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>Longest header that the format's own reader accepts, in bytes.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    /// <summary>Bytes of the length field in front of the header.</summary>
    internal const int PrefixBytes = sizeof(ulong);

    internal SafetensorsHeader(
        ImmutableArray<SafetensorsTensor> tensors, ImmutableSortedDictionary<string, string> metadata, long dataOffset, long fileLength)
    {
        Tensors = tensors;
        Metadata = metadata;
        DataOffset = dataOffset;
        FileLength = fileLength;
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public ImmutableArray<SafetensorsTensor> Tensors { get; }

    /// <summary>The file's free text.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>Where the tensors' bytes begin in the file.</summary>
    public long DataOffset { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="InvalidModelException">
    /// The file is absent, unreadable, or no valid safetensors file; names the file and the reason.
    /// </exception>
    public static SafetensorsHeader Read(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidModelException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads the header of an open file; <paramref name="name"/> is for error messages.</summary>
    /// <exception cref="InvalidModelException">No valid safetensors file; names the file and the reason.</exception>
    public static SafetensorsHeader Read(SafeFileHandle file, string name)
    {
        var length = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (RandomAccess.Read(file, prefix, 0) < PrefixBytes)
        {
            throw SafetensorsParser.Invalid(
                name, $"{length} bytes are too few for a safetensors file, which begins with {PrefixBytes} bytes of length.");
        }

        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength is 0 or > MaxHeaderBytes)
        {
            throw SafetensorsParser.Invalid(name, $"its header has {headerLength} bytes; a safetensors header has 1 to {MaxHeaderBytes}.");
        }

        if (headerLength > (ulong)(length - PrefixBytes))
        {
            throw SafetensorsParser.Invalid(
                name,
                $"its header of {headerLength} bytes is longer than the file of {length} bytes; it is truncated or no safetensors file.");
        }

        var header = new byte[headerLength];
        if (file.ReadUpTo(header, PrefixBytes) < header.Length)
        {
            throw SafetensorsParser.Invalid(name, "ended inside its header.");
        }

        return SafetensorsParser.Parse(header, length, name);
    }
}
