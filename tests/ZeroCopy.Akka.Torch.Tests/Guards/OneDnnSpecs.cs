using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Guards;

public sealed class OneDnnSpecs
{
    [Fact]
    public void OneDnn_should_compute_an_LSTM_right_or_be_switched_off()
    {
        OneDnn.Guard();

        Assert.InRange(OneDnn.LstmError(), 0, 1e-5);
        Assert.InRange(OneDnn.ConvolutionError(), 0, 1e-4);
    }

    [Theory]
    [InlineData(1e-6f, true)]
    [InlineData(0.5f, false)]
    [InlineData(float.NaN, false)]
    public void OneDnn_should_be_right_when_it_differs_by_rounding_only(float error, bool isRight) =>
        Assert.Equal(isRight, OneDnn.IsRight(error));

    [Theory]
    [InlineData(17, 4, 5)]
    [InlineData(33, 16, 3)]
    [InlineData(3, 64, 7)]
    public void OneDnn_should_compute_a_convolution_right_or_be_switched_off(int inputs, int outputs, int width)
    {
        OneDnn.Guard();
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var convolution = nn.Conv2d(inputs, outputs, width);
        var image = randn(2, inputs, 14, 14);

        // Double precision is no business of oneDNN.
        var expected = nn.functional.conv2d(image.@double(), convolution.weight.@double(), convolution.bias!.@double());

        using var answer = convolution.call(image);
        Assert.InRange((answer.@double() - expected).abs().max().item<double>(), 0, 1e-4);
        ModuleDisposal.Release(convolution);
    }

    [Fact]
    public void OneDnn_should_leave_the_random_numbers_of_a_seed_alone()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);

        OneDnn.LstmError();

        using var actual = rand(4);
        Assert.Equal(expected.data<float>().ToArray(), actual.data<float>().ToArray());
    }
}
