using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Tests.Views;

public sealed unsafe class TensorViewSpecs : IDisposable
{
    private static int _released;
    private readonly nint _memory = (nint)NativeMemory.AlignedAlloc(4096, 64);

    public TensorViewSpecs()
    {
        // Views of earlier specs must not be counted.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _released = 0;
        new Span<byte>((void*)_memory, 4096).Clear();
    }

    public void Dispose() => NativeMemory.AlignedFree((void*)_memory);

    [Theory]
    [InlineData(DType.Bool, torch.ScalarType.Bool)]
    [InlineData(DType.UInt8, torch.ScalarType.Byte)]
    [InlineData(DType.Int8, torch.ScalarType.Int8)]
    [InlineData(DType.Int16, torch.ScalarType.Int16)]
    [InlineData(DType.Int32, torch.ScalarType.Int32)]
    [InlineData(DType.Int64, torch.ScalarType.Int64)]
    [InlineData(DType.Float16, torch.ScalarType.Float16)]
    [InlineData(DType.BFloat16, torch.ScalarType.BFloat16)]
    [InlineData(DType.Float32, torch.ScalarType.Float32)]
    [InlineData(DType.Float64, torch.ScalarType.Float64)]
    [InlineData(DType.Complex64, torch.ScalarType.ComplexFloat32)]
    [InlineData(DType.Complex128, torch.ScalarType.ComplexFloat64)]
    public void TensorView_should_lie_at_its_address_with_any_type(DType type, torch.ScalarType expected)
    {
        using (var view = TensorView.Create(_memory, new TensorLayout(type, 2, 3), &Release))
        {
            Assert.Equal(expected, view.dtype);
            Assert.Equal([2, 3], view.shape);
            Assert.Equal(_memory, Torch.Native.TorchNative.Data(view));
            Assert.Equal(0, _released);
        }

        Assert.Equal(1, _released);
    }

    [Fact]
    public void TensorView_should_keep_the_order_of_memory()
    {
        using (var view = TensorView.Create(_memory, new TensorLayout(DType.Float32, [2, 3], [1, 2]), &Release))
        {
            Assert.Equal([1, 2], view.stride());
            ((float*)_memory)[1] = 5;
            using var second = view[1, 0];
            Assert.Equal(5, second.ToSingle());
        }

        Assert.Equal(1, _released);
    }

    [Fact]
    public void TensorView_should_give_empty_memory_back_at_once()
    {
        using var view = TensorView.Create(_memory, new TensorLayout(DType.Float32, 0, 3), &Release);

        Assert.Equal([0, 3], view.shape);
        Assert.Equal(1, _released);
    }

    [Fact]
    public void TensorView_should_give_its_memory_back_once_with_the_last_tensor_on_it()
    {
        var view = TensorView.Create(_memory, new TensorLayout(DType.Float32, 2, 3), &Release);
        var escaped = view.t();
        view.Dispose();
        Assert.Equal(0, _released);

        escaped.Dispose();

        Assert.Equal(1, _released);
    }

    [Fact]
    public void TensorView_should_give_its_memory_back_when_nobody_disposes_it()
    {
        Forget(_memory);

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(50, _released);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget(nint memory)
        {
            for (var i = 0; i < 50; i++)
            {
                TensorView.Create(memory, new TensorLayout(DType.Float32, 2, 3), &Release);
            }
        }
    }

    [Fact]
    public void TensorView_should_belong_to_no_dispose_scope()
    {
        torch.Tensor view;
        using (torch.NewDisposeScope())
        {
            view = TensorView.Create(_memory, new TensorLayout(DType.Float32, [2, 3], [1, 2]), &Release);
        }

        Assert.False(view.IsInvalid);
        view.Dispose();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint address) => Interlocked.Increment(ref _released);
}
