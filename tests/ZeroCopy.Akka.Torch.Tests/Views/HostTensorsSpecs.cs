using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Tests.Views;

public sealed class HostTensorsSpecs
{
    [Fact]
    public void HostTensors_should_take_any_byte_but_zero_for_true()
    {
        using var tensor = HostTensor.From<byte>(DType.Bool, [0, 1, 2, 255], 4).ToTorch();
        using var sum = tensor.sum();

        Assert.Equal(3, sum.item<long>());
        Assert.Equal([0, 1, 1, 1], tensor.bytes.ToArray());
    }

    [Fact]
    public void HostTensors_should_bring_back_what_they_were_given()
    {
        using var scope = torch.NewDisposeScope();
        var tensor = HostTensor.From<float>(DType.Float32, [1, 2, 3, 4, 5, 6], 2, 3).ToTorch();

        Assert.Equal([2L, 3], tensor.shape);
        Assert.Equal([1f, 4, 2, 5, 3, 6], tensor.t().ToHost().Values<float>());
        Assert.Empty(HostTensor.From<long>(DType.Int64, [], 0, 3).ToTorch().ToHost().Data.ToArray());
    }
}
