using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>
/// A live tensor on its way into the store: read where it lies if it is dense and on the CPU, else from a contiguous copy. Keeps the
/// memory alive until it is disposed.
/// </summary>
internal sealed unsafe class LiveTensor : TensorSource, IDisposable
{
    private readonly torch.Tensor _held;

    private LiveTensor(string name, TensorRole role, TensorLayout layout, ImmutableArray<string> aliases, torch.Tensor held)
        : base(name, role, layout, aliases)
    {
        _held = held;
        Address = TorchNative.Data(held);
    }

    public override nint Address { get; }

    /// <summary>A source of a tensor. The tensor itself is not kept, only its storage.</summary>
    /// <exception cref="ArgumentException">The tensor is on META, or of a type or form that the store does not hold.</exception>
    public static LiveTensor Create(string name, TensorRole role, torch.Tensor tensor, ImmutableArray<string> aliases)
    {
        if (tensor.device_type == DeviceType.META)
        {
            throw new ArgumentException($"{name} is on META: it has no elements to store.", nameof(tensor));
        }

        if (!tensor.dtype.IsStored())
        {
            throw new ArgumentException(
                $"{name} is of type {tensor.dtype.Name()}: the store holds plain elements, not quantised ones.", nameof(tensor));
        }

        using var frozen = torch.no_grad();
        var held = tensor.detach().DetachFromDisposeScope();
        try
        {
            if (held.device_type != DeviceType.CPU)
            {
                held = Replace(held, held.cpu());
            }

            if (held.is_conj())
            {
                held = Replace(held, held.resolve_conj());
            }

            if (held.is_neg())
            {
                held = Replace(held, held.resolve_neg());
            }

            if (!held.is_contiguous() && !TensorLayout.AreDense(held.shape, held.stride()))
            {
                held = Replace(held, held.contiguous());
            }

            var layout = held.is_contiguous()
                ? new TensorLayout(held.dtype.ToDType(), held.shape)
                : new TensorLayout(held.dtype.ToDType(), held.shape, held.stride());
            return new LiveTensor(name, role, layout, aliases, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public override void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, Layout.ByteLength);
        new ReadOnlySpan<byte>((byte*)Address + offset, destination.Length).CopyTo(destination);
    }

    public void Dispose() => _held.Dispose();

    private static torch.Tensor Replace(torch.Tensor old, torch.Tensor next)
    {
        next.DetachFromDisposeScope();
        if (!ReferenceEquals(old, next))
        {
            old.Dispose();
        }

        return next;
    }
}
