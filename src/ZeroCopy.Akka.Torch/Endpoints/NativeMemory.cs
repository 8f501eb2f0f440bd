using System.Buffers;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// The elements of a tensor as managed memory. Owns the tensor, which lives until this is disposed and every pin has ended; memory that is
/// read later throws. Where nobody disposes it, the collector frees the tensor.
/// </summary>
internal sealed unsafe class NativeMemory : MemoryManager<byte>
{
    private readonly torch.Tensor _tensor;
    private readonly nint _address;
    private readonly int _length;

    // The owner and every pin; 0 once the tensor is freed.
    private int _holders = 1;
    private int _disposed;

    /// <summary>Takes over a tensor on the CPU whose elements lie row-major without gaps.</summary>
    public NativeMemory(torch.Tensor tensor, int length)
    {
        _tensor = tensor;
        _address = TorchNative.Data(tensor);
        _length = length;
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return new Span<byte>((void*)_address, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        for (var holders = Volatile.Read(ref _holders); holders > 0; holders = Volatile.Read(ref _holders))
        {
            if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders)
            {
                return new MemoryHandle((byte*)_address + elementIndex, pinnable: this);
            }
        }

        throw new ObjectDisposedException(nameof(NativeMemory));
    }

    public override void Unpin() => LetGo();

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            LetGo();
        }
    }

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _tensor.Dispose();
        }
    }
}
