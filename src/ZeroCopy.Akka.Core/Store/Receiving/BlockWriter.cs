using System.Security.Cryptography;
using ZeroCopy.Blocks;

namespace ZeroCopy.Store.Receiving;

/// <summary>
/// Writes one block of a model that is received, front to back, into its place in a segment, and hashes it on the way. For one thread at a
/// time, but for <see cref="IsComplete"/>; writers of different blocks run side by side.
/// </summary>
public sealed class BlockWriter : IDisposable
{
    private readonly Action<long, ReadOnlySpan<byte>> _write;
    private readonly ReadBytes _read;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isComplete;

    /// <param name="id">The block.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="write">Writes bytes at an offset in the block.</param>
    /// <param name="read">Reads bytes at an offset in the block.</param>
    internal BlockWriter(BlockId id, long length, Action<long, ReadOnlySpan<byte>> write, ReadBytes read)
    {
        Id = id;
        Length = length;
        _write = write;
        _read = read;
    }

    internal delegate void ReadBytes(long offset, Span<byte> destination);

    /// <summary>The block.</summary>
    public BlockId Id { get; }

    /// <summary>Its bytes.</summary>
    public long Length { get; }

    /// <summary>Bytes written so far: where a source that breaks off is gone on from.</summary>
    public long Position { get; private set; }

    /// <summary>Whether all of it was written and is what its id says.</summary>
    public bool IsComplete
    {
        get => Volatile.Read(ref _isComplete);
        private set => Volatile.Write(ref _isComplete, value);
    }

    /// <summary>Writes the next bytes.</summary>
    /// <exception cref="ArgumentException">More than the block has.</exception>
    /// <exception cref="IOException">The store's file system is full, or failed.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Length - Position)
        {
            throw new ArgumentException(
                $"Block {Id} has {Length} bytes; {Position} are written, and {bytes.Length} more were given.", nameof(bytes));
        }

        _write(Position, bytes);
        _hash.AppendData(bytes);
        Position += bytes.Length;
    }

    /// <summary>
    /// Ends the block. False where its bytes are others than its id says: it is empty again then, and can be written from another place.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not written to its end.</exception>
    public bool TryComplete()
    {
        if (Position != Length)
        {
            throw new InvalidOperationException($"Block {Id} has {Length} bytes, and {Position} are written.");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        IsComplete = BlockId.FromHash(hash) == Id;
        Position = IsComplete ? Length : 0;
        return IsComplete;
    }

    /// <summary>Reads what was written, of a block that is complete. For several threads, while the file is open.</summary>
    internal void Read(long offset, Span<byte> destination) => _read(offset, destination);

    /// <summary>Releases what it hashes with.</summary>
    public void Dispose() => _hash.Dispose();
}
