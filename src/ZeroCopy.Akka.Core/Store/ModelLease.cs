using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>
/// Keeps a model in the store and its segments mapped into this process until it is disposed. Thread-safe.
/// </summary>
public sealed class ModelLease : IDisposable
{
    /// <summary>The model.</summary>
    public Manifest Manifest => throw new NotImplementedException();

    /// <summary>The handle of the model.</summary>
    public ModelHandle Handle => throw new NotImplementedException();

    /// <summary>
    /// The address of a block's first byte in this process's mapping, and one reference on that mapping: it outlives the lease until
    /// <see cref="Release"/> was called once for each <see cref="Retain"/>. Blocks start on 64 bytes.
    /// </summary>
    /// <exception cref="ArgumentException">The block does not belong to the model.</exception>
    public nint Retain(BlockId block) => throw new NotImplementedException();

    /// <summary>Copies nothing: a block's bytes, valid until the lease is disposed.</summary>
    /// <exception cref="ArgumentException">The block does not belong to the model, or is over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(BlockId block) => throw new NotImplementedException();

    /// <summary>
    /// Gives back one reference on the mapping around <paramref name="address"/>; the last one unmaps it. Callable from any thread, so that
    /// the deleter of a native tensor can call it.
    /// </summary>
    public static void Release(nint address) => throw new NotImplementedException();

    /// <summary>Ends the lease. Mappings stay while blocks of them are retained.</summary>
    public void Dispose() => throw new NotImplementedException();
}
