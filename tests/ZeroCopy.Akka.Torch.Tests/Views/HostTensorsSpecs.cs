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

    [Theory]
    [InlineData(8, "C64", 8)]
    [InlineData(23, "F32", 4)]
    [InlineData(24, "F32", 4)]
    [InlineData(25, "F32", 4)]
    [InlineData(26, "F32", 4)]
    [InlineData(27, "U16", 2)]
    [InlineData(28, "U32", 4)]
    [InlineData(29, "U64", 8)]
    public void HostTensors_should_copy_each_type_to_one_that_files_have_numbers_for(int type, string token, int bytes)
    {
        using var scope = torch.NewDisposeScope();
        var tensor = torch.tensor([1f, 2]).to((torch.ScalarType)type);

        var copy = tensor.ToHost();

        Assert.Equal($"{token}[2]", copy.Layout.ToString());
        Assert.Equal(2 * bytes, copy.Data.Length);
        Assert.Equal([1f, 2], copy.ToTorch().to(torch.float32).data<float>().ToArray());
    }

    [Fact]
    public void HostTensors_should_copy_what_is_sparse_or_quantised_as_dense_numbers()
    {
        using var scope = torch.NewDisposeScope();
        var dense = torch.tensor([0f, 2, 0, 0.5f]).view(2, 2);

        Assert.Equal([0f, 2, 0, 0.5f], dense.to_sparse().ToHost().Values<float>());
        Assert.Equal([0f, 2, 0, 0.5f], torch.quantize_per_tensor(dense, 0.5, 0, (torch.ScalarType)12).ToHost().Values<float>());
        Assert.Empty(torch.zeros(0, 3).to_sparse().ToHost().Values<float>().ToArray());
    }
}
