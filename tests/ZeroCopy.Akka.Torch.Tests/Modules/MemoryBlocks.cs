using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A module's tensors in memory of the test's own, in the place of the store.</summary>
internal sealed unsafe class MemoryBlocks : IViewSource
{
    // Views outlive the blocks where a spec fails, and are let go of by the collector.
    private static readonly ConcurrentDictionary<nint, MemoryBlocks> Owners = new();
    private readonly Dictionary<string, (nint Address, long Length)> _blocks = [];
    private long _live;

    private MemoryBlocks(LiveTensors tensors)
    {
        Entries = [.. tensors.Sources.SelectMany(Store)];
    }

    public System.Collections.Immutable.ImmutableArray<TensorEntry> Entries { get; }

    /// <summary>Views of this memory that are still alive.</summary>
    public long LiveViews => Interlocked.Read(ref _live);

    public static MemoryBlocks Of(torch.nn.Module module)
    {
        using var tensors = LiveTensors.Of(module);
        return new MemoryBlocks(tensors);
    }

    public torch.Tensor View(TensorEntry entry)
    {
        Interlocked.Increment(ref _live);
        var (address, length) = _blocks[entry.Name];
        return entry.Offset is { } offset
            ? TensorView.Create(address, length, entry.Layout, offset, &Release) : TensorView.Create(address, entry.Layout, &Release);
    }

    /// <summary>Whether the tensor's elements are this memory.</summary>
    public bool Holds(torch.Tensor tensor) => tensor.numel() == 0
        || (TorchNative.Data(tensor) is var data
            && _blocks.Values.Any(block => data >= block.Address && data < block.Address + block.Length));

    public void Dispose()
    {
        // What a view still reads stays where it is.
        foreach (var address in _blocks.Values.Select(block => block.Address).Distinct().Where(_ => LiveViews == 0))
        {
            Owners.TryRemove(address, out _);
            NativeMemory.AlignedFree((void*)address);
        }
    }

    private TensorEntry[] Store(TensorSource source)
    {
        var length = (int)source.Layout.ByteLength;
        var address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, length), 64);
        Owners[address] = this;
        var bytes = new Span<byte>((void*)address, length);
        source.Read(0, bytes);
        TensorEntry[] entries = [.. source.Entries(BlockId.Of(bytes))];
        foreach (var entry in entries)
        {
            _blocks[entry.Name] = (address, length);
        }

        return entries;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint address) => Interlocked.Decrement(ref Owners[address]._live);
}
