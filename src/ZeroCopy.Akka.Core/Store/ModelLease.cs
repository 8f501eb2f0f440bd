using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Store;

/// <summary>
/// Keeps a model in the store and its segments mapped into this process until it is disposed. Thread-safe.
/// </summary>
public sealed class ModelLease : IDisposable
{
    private readonly ResidentModel _model;
    private readonly ObjectStore _store;
    private int _disposed;

    internal ModelLease(ResidentModel model, ModelHandle handle, string holder, ObjectStore store)
    {
        _model = model;
        _store = store;
        Handle = handle;
        Holder = holder;
    }

    /// <summary>The model.</summary>
    public Manifest Manifest => _model.Manifest;

    /// <summary>The handle of the model.</summary>
    public ModelHandle Handle { get; }

    internal string Holder { get; }

    internal ResidentModel Model => _model;

    internal bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>
    /// A further lease on the model, for another holder, who disposes it: each holder is listed under its own name, and the model stays
    /// until the last of them has let go. Costs no look at the files.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This lease has ended.</exception>
    public ModelLease Share(string holder)
    {
        ArgumentException.ThrowIfNullOrEmpty(holder);
        return _store.Share(this, holder);
    }

    /// <summary>What another store needs to know of the model to receive it.</summary>
    public ModelOffer ToOffer() => new(Manifest, Manifest.Blocks.ToImmutableDictionary(block => block, block => _model.Find(block).Length));

    /// <summary>Bytes of a block; null where it does not belong to the model.</summary>
    public long? LengthOf(BlockId block) => _model.LengthOf(block);

    /// <summary>
    /// The address of a block's first byte in the mapping that this process reads, and one reference on that mapping: it outlives the lease
    /// until <see cref="Release"/> was called once for each <see cref="Retain"/>. Blocks start on 64 bytes. A write there ends the process;
    /// who writes takes <see cref="MapPrivately(bool)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The block does not belong to the model.</exception>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public nint Retain(BlockId block)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var (mapping, address, _) = _model.Find(block);
        // Ended since: the mapping went with the last lease on it.
        ObjectDisposedException.ThrowIf(!MappingRegistry.TryRetain(mapping), this);
        return address;
    }

    /// <summary>
    /// Maps the model once more, for one holder, whose writes reach nobody else. The caller disposes the mapping; it needs the lease no
    /// longer than the call.
    /// </summary>
    /// <param name="isReadOnly">
    /// Whether nothing will ever be written: tensors with equal bytes then share their memory. Else only those that are tied do.
    /// </param>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public PrivateMapping MapPrivately(bool isReadOnly = false) => MapPrivately(isReadOnly, PrivateMapping.PlentyOfMappings);

    internal PrivateMapping MapPrivately(bool isReadOnly, int plentyOfMappings)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return new PrivateMapping(_model, isReadOnly, plentyOfMappings);
    }

    /// <summary>Copies nothing: a block's bytes, valid until the lease is disposed.</summary>
    /// <exception cref="ArgumentException">The block does not belong to the model, or is over 2 GiB.</exception>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public unsafe ReadOnlySpan<byte> Bytes(BlockId block)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var (_, address, length) = _model.Find(block);
        return length <= Array.MaxLength
            ? new ReadOnlySpan<byte>((void*)address, (int)length)
            : throw new ArgumentException(
                $"Block {block} has {length} bytes; a span holds at most {Array.MaxLength}. Use Retain.", nameof(block));
    }

    /// <summary>
    /// Gives back one reference on the mapping around <paramref name="address"/>; the last one unmaps it. Callable from any thread, so that
    /// the deleter of a native tensor can call it; an address that is in no mapping is ignored.
    /// </summary>
    public static void Release(nint address) => MappingRegistry.Release(address);

    /// <summary>Ends the lease. Mappings stay while blocks of them are retained.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _store.Release(this);
        }
    }
}
