using ZeroCopy.Blocks;
using ZeroCopy.Memory;

namespace ZeroCopy.Store;

/// <summary>
/// A model's segments mapped for one holder alone: what that holder writes shows in no other mapping of this process, as it never shows in another
/// process or in the file. Costs address space and a descriptor a segment, and memory only for the pages that are written. Thread-safe.
/// </summary>
public sealed class PrivateMapping : IDisposable
{
    private readonly ResidentModel _model;
    private readonly Dictionary<SegmentMapping, SegmentMapping> _own = [];
    private int _disposed;

    internal PrivateMapping(ResidentModel model)
    {
        _model = model;
        try
        {
            foreach (var shared in model.Mappings)
            {
                _own.Add(
                    shared,
                    MappingRegistry.MapAnewOrNull(shared) ?? throw new ObjectDisposedException(nameof(ModelLease), "The lease on the model has ended."));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The address of a block's first byte in this mapping, and one reference on it, which outlives this object until
    /// <see cref="ModelLease.Release"/> was called once for each <see cref="Retain"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The block does not belong to the model.</exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public nint Retain(BlockId block)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var (shared, address, _) = _model.Find(block);
        var own = _own[shared];
        // Disposed since.
        ObjectDisposedException.ThrowIf(!MappingRegistry.TryRetain(own), this);
        return own.Base + (address - shared.Base);
    }

    /// <summary>Hands out no more addresses. Segments stay mapped while blocks of them are retained.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            foreach (var own in _own.Values)
            {
                MappingRegistry.Unmap(own);
            }
        }
    }
}
