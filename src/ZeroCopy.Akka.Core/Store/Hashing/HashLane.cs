using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using ZeroCopy.Content;

namespace ZeroCopy.Store.Hashing;

/// <summary>
/// What one lane of <see cref="Sha256Lanes"/> takes: a tensor as whole blocks, padded (FIPS 180-4, 5.1.1), piece by piece; in place where
/// its bytes lie in memory, else, as always for the end, in the lane's buffer.
/// </summary>
/// <param name="checks">Whether it takes the second hash, see <see cref="BlockHash"/>.</param>
internal sealed class HashLane(bool checks)
{
    // Small enough that the pieces of all lanes stay in a core's cache between reading and hashing.
    private const int PieceBytes = 32 << 10;

    // A whole piece takes one block of padding.
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(PieceBytes + Sha256Lanes.BlockBytes, pinned: true);
    private readonly XxHash3? _check = checks ? new() : null;
    private TensorSource? _source;
    private long _offset;
    private bool _padded;

    /// <summary>Where the next blocks lie; the buffer in an empty lane, which is read as far as the others.</summary>
    public nint Address { get; private set; }

    /// <summary>How many lie there.</summary>
    public int Blocks { get; private set; }

    /// <summary>The second hash of a tensor that was read to its end; see <see cref="BlockHash"/>.</summary>
    public ulong? Check => _check?.GetCurrentHashAsUInt64();

    private nint Buffer => Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0);

    public void Open(TensorSource source)
    {
        _source = source;
        _check?.Reset();
        _offset = 0;
        _padded = false;
    }

    public void Close()
    {
        _source = null;
        Address = Buffer;
    }

    /// <summary>Goes to the next blocks and returns how many bytes of the tensor are in them; false once the last were given.</summary>
    public unsafe bool TryRead(out int bytes)
    {
        bytes = 0;
        if (_source is null || _padded)
        {
            return false;
        }

        var rest = _source.Layout.ByteLength - _offset;
        bytes = (int)Math.Min(PieceBytes, rest);
        if (_source.Address != 0 && bytes >= Sha256Lanes.BlockBytes)
        {
            bytes -= bytes % Sha256Lanes.BlockBytes;
            (Address, Blocks) = (_source.Address + (nint)_offset, bytes / Sha256Lanes.BlockBytes);
            // Before they are hashed: a change in between is then found when the bytes are read again.
            _check?.Append(new ReadOnlySpan<byte>((byte*)Address, bytes));
        }
        else
        {
            Copy(_source, _buffer.AsSpan(0, bytes));
            _check?.Append(_buffer.AsSpan(0, bytes));
            _padded = bytes == rest;
            (Address, Blocks) = (Buffer, (_padded ? Pad(bytes) : bytes) / Sha256Lanes.BlockBytes);
        }

        _offset += bytes;
        return true;
    }

    public void Skip(int blocks)
    {
        if (Blocks > 0)
        {
            Address += blocks * Sha256Lanes.BlockBytes;
            Blocks -= blocks;
        }
    }

    private unsafe void Copy(TensorSource source, Span<byte> destination)
    {
        if (source.Address == 0)
        {
            source.Read(_offset, destination);
        }
        else
        {
            new ReadOnlySpan<byte>((byte*)source.Address + _offset, destination.Length).CopyTo(destination);
        }
    }

    // A one bit, zeros, and the tensor's length in bits, up to the end of a block.
    private int Pad(int bytes)
    {
        var end = (bytes + 1 + sizeof(long) + Sha256Lanes.BlockBytes - 1) / Sha256Lanes.BlockBytes * Sha256Lanes.BlockBytes;
        var padding = _buffer.AsSpan(bytes, end - bytes);
        padding.Clear();
        padding[0] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padding[^sizeof(long)..], (_offset + bytes) * 8);
        return end;
    }
}
