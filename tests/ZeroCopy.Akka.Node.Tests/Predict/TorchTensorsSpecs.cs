using ZeroCopy.Node.Predict;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Tests.Predict;

public sealed class TorchTensorsSpecs
{
    [Fact]
    public void TorchTensors_should_take_any_byte_but_zero_for_true()
    {
        using var tensor = TorchTensors.ToTorch(HostTensor.From<byte>(DType.Bool, [0, 1, 2, 255], 4));
        using var sum = tensor.sum();

        Assert.Equal(3, sum.item<long>());
        Assert.Equal([0, 1, 1, 1], tensor.bytes.ToArray());
    }
}
