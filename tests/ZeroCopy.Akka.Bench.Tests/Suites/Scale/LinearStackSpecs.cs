using ZeroCopy.Bench.Suites.Scale;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Tests.Suites.Scale;

public sealed class LinearStackSpecs
{
    [Theory]
    [InlineData(1024, 64, 1 << 20)]
    [InlineData(1740 << 10, 64, 1740L << 20)]
    [InlineData(64 << 10, 10_000, 10_000L * 26 * 256)]
    [InlineData(1, 100, 100 * 256)]
    public void LinearStackConfiguration_should_come_near_a_size_without_dropping_a_tensor(int kibibytes, int tensors, long bytes)
    {
        var configuration = LinearStackConfiguration.OfSize(kibibytes, tensors);

        Assert.Equal((tensors, bytes), (configuration.Tensors, configuration.Bytes));
    }

    [Fact]
    public void LinearStack_should_have_the_tensors_and_bytes_of_its_configuration()
    {
        var configuration = LinearStackConfiguration.OfSize(64, 7);
        var module = new LinearStack(configuration);

        var parameters = module.named_parameters().Select(parameter => parameter.parameter).ToArray();

        Assert.Equal(configuration.Tensors, parameters.Length);
        Assert.Equal(configuration.Bytes, parameters.Sum(parameter => parameter.numel() * parameter.element_size()));
        ModuleDisposal.Release(module);
    }
}
