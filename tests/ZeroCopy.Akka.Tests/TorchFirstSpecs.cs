using ZeroCopy.TestSupport;

namespace ZeroCopy.Product.Tests;

public sealed class TorchFirstSpecs
{
    [Fact]
    public async Task Program_should_run_when_it_makes_its_model_before_it_touches_the_product()
    {
        using var directory = new TemporaryDirectory();

        using var program = await ChildProcess.StartAsync("ZeroCopy.Akka.ModelProcess", directory.File("store"), "torch-first");

        Assert.Equal("2x4", await program.ReadAsync());
    }
}
