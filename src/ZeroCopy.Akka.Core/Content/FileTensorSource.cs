using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Content;

/// <summary>A tensor whose bytes lie in an open file. The file stays with its owner, and must stay open for the whole put.</summary>
public sealed class FileTensorSource : TensorSource
{
    private readonly SafeFileHandle _file;
    private readonly long _offset;

    /// <summary>A tensor at an offset of a file, in memory order, with further names where it is tied.</summary>
    public FileTensorSource(
        string name, TensorRole role, TensorLayout layout, SafeFileHandle file, long offset, ImmutableArray<string> aliases = default)
        : base(name, role, layout, aliases)
    {
        _file = file;
        _offset = offset;
    }

    internal FileTensorSource(string name, SafeFileHandle file, long offset, long length)
        : this(name, TensorRole.Attribute, new TensorLayout(DType.UInt8, length), file, offset)
    {
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidModelException">The file became shorter.</exception>
    public override void Read(long offset, Span<byte> destination)
    {
        var read = _file.ReadUpTo(destination, _offset + offset);
        if (read < destination.Length)
        {
            throw new InvalidModelException($"The file with tensor '{Name}' ended at byte {_offset + offset + read} while it was read.");
        }
    }
}
