using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>
/// The storage of live tensors on its way into the store, where they have not all of it each: code reaches what else is there, by
/// <c>as_strided</c> or by what it writes to another tensor. Keeps the memory alive until it is disposed.
/// </summary>
internal sealed unsafe class LiveStorage : TensorSource, IDisposable
{
    private readonly torch.Tensor _bytes;
    private readonly nint _address;
    private readonly ImmutableArray<TensorEntry> _tensors;

    private LiveStorage(ImmutableArray<TensorEntry> tensors, torch.Tensor bytes, int ordinal)
        : base(tensors[0].Name, tensors[0].Role, new TensorLayout(DType.UInt8, bytes.numel() + ordinal))
    {
        (_tensors, _bytes, _address) = (tensors, bytes, TorchNative.Data(bytes));
    }

    public override nint Address => Layout.ByteLength == _bytes.numel() ? _address : 0;

    /// <summary>A source of a storage. The tensors themselves are not kept.</summary>
    /// <param name="tensors">What is on it: at least one, by the names of each, and of types that the store has.</param>
    /// <param name="ordinal">
    /// The place among the module's storages of this kind: so many bytes are added, as equal ones would be one block, and one memory.
    /// </param>
    public static LiveStorage Create(IReadOnlyList<(StateTensor First, ImmutableArray<string> Aliases)> tensors, int ordinal)
    {
        using var frozen = torch.no_grad();
        var bytes = TensorStorage.Bytes(tensors[0].First.Tensor);
        if (bytes.device_type != DeviceType.CPU)
        {
            using var there = bytes;
            bytes = there.cpu().DetachFromDisposeScope();
        }

        return new LiveStorage([.. tensors.Select(tensor => Entry(tensor.First, tensor.Aliases))], bytes, ordinal);
    }

    public override IEnumerable<TensorEntry> Entries(BlockId block) => _tensors.Select(tensor => tensor with { Block = block });

    public override void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, Layout.ByteLength);
        var here = (int)Math.Clamp(_bytes.numel() - offset, 0, destination.Length);
        new ReadOnlySpan<byte>((byte*)_address + offset, here).CopyTo(destination);
        destination[here..].Clear();
    }

    public void Dispose() => _bytes.Dispose();

    private static TensorEntry Entry(StateTensor state, ImmutableArray<string> aliases)
    {
        var layout = TensorLayout.Strided(state.Tensor.dtype.ToDType(), state.Tensor.shape, state.Tensor.stride());
        return new TensorEntry(state.Name, state.Role, layout, default, aliases)
        {
            Offset = TensorStorage.Offset(state.Tensor) * state.Tensor.ElementSize,
        };
    }
}
