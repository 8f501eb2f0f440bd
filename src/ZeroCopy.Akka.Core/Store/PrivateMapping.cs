using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;

namespace ZeroCopy.Store;

/// <summary>
/// A model's segments mapped for one holder alone: what that holder writes shows in no other mapping of this process, as it never shows in
/// another process or in the file. Tensors that are not tied share no memory, even where their bytes are equal and one block holds them
/// all. Costs address space a segment, and memory only for the pages that are written. Thread-safe.
/// </summary>
public sealed class PrivateMapping : IDisposable
{
    /// <summary>
    /// Mappings of a process above which no small block gets one of its own: Linux allows 65530 (vm.max_map_count), and a network with a
    /// thousand equal counters shall not use them up.
    /// </summary>
    internal const int PlentyOfMappings = 8192;

    private const int SmallBytes = 16384;

    private readonly ResidentModel _model;
    private readonly Dictionary<SegmentMapping, SegmentView> _whole = [];

    // Tensors whose block another tensor has already.
    private readonly Dictionary<string, (MemoryRegion Region, nint Address)> _further = new(StringComparer.Ordinal);
    private int _disposed;

    internal PrivateMapping(ResidentModel model, bool isReadOnly, int plentyOfMappings)
    {
        _model = model;
        try
        {
            foreach (var segment in model.Mappings)
            {
                _whole.Add(segment, View(segment, 0, segment.Length));
            }

            if (!isReadOnly && model.Options.Mapping != MappingMode.ReadOnly)
            {
                Separate(plentyOfMappings);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The address of a tensor's block in this mapping, and one reference on it, which outlives this object until
    /// <see cref="ModelLease.Release"/> was called once for each <c>Retain</c>. The names of a tied tensor have one address.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor does not belong to the model.</exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public nint Retain(TensorEntry tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (!_further.TryGetValue(tensor.Name, out var place))
        {
            return Retain(tensor.Block);
        }

        Retain(place.Region);
        return place.Address;
    }

    /// <summary>
    /// The address of a block's first byte in this mapping, and one reference on it, which outlives this object until
    /// <see cref="ModelLease.Release"/> was called once for each <c>Retain</c>. Where several tensors have the block, the first one's.
    /// </summary>
    /// <exception cref="ArgumentException">The block does not belong to the model.</exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public nint Retain(BlockId block)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var (segment, address, _) = _model.Find(block);
        var own = _whole[segment];
        Retain(own);
        return own.Base + (address - segment.Base);
    }

    /// <summary>Bytes of a tensor's block.</summary>
    /// <exception cref="ArgumentException">The tensor does not belong to the model.</exception>
    public long LengthOf(TensorEntry tensor) => _model.Find(tensor.Block).Length;

    /// <summary>Hands out no more addresses. Segments stay mapped while blocks of them are retained.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            foreach (var region in _further.Values.Select(place => place.Region).Distinct().Concat(_whole.Values))
            {
                MappingRegistry.Unmap(region);
            }
        }
    }

    /// <summary>Memory of their own for tensors whose block another one has.</summary>
    private void Separate(int plentyOfMappings)
    {
        // The tensors of a larger block share its memory, and with no other one.
        var first = _model.Manifest.Tensors.Where(tensor => tensor.Offset is not null).Select(tensor => tensor.Block).ToHashSet();
        var isPlenty = MappingRegistry.LiveMappings >= plentyOfMappings;
        var further = _model.Manifest.Tensors.Where(IsWhole).Where(tensor => !first.Add(tensor.Block))
            .ToLookup(tensor => isPlenty && tensor.Layout.ByteLength < SmallBytes);
        foreach (var tensor in further[false])
        {
            var (segment, address, length) = _model.Find(tensor.Block);
            var view = View(segment, address - segment.Base, length);
            _further.Add(tensor.Name, (view, view.Base));
        }

        if (!further[true].Any())
        {
            return;
        }

        var copies = new CopiedBlocks(further[true].Sum(tensor => CopiedBlocks.Room(tensor.Layout.ByteLength)));
        MappingRegistry.Add(copies);
        foreach (var tensor in further[true])
        {
            var (_, address, length) = _model.Find(tensor.Block);
            _further.Add(tensor.Name, (copies, copies.Add(address, length)));
        }
    }

    private static bool IsWhole(TensorEntry tensor) => tensor.Offset is null && tensor.Layout.ByteLength > 0;

    // The mapping may be disposed since it was looked at.
    private void Retain(MemoryRegion region) => ObjectDisposedException.ThrowIf(!MappingRegistry.TryRetain(region), this);

    private SegmentView View(SegmentMapping segment, long offset, long length)
    {
        var view = new SegmentView(segment, offset, length, _model.Options.Mapping, _model.Options.Prefault);
        MappingRegistry.Add(view);
        return view;
    }
}
