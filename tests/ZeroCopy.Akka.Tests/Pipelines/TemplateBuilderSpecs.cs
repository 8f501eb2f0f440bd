using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class TemplateBuilderSpecs : HostSpec
{
    [Fact]
    public async Task Wrap_should_leave_nothing_open_when_it_fails()
    {
        using var module = new Encoder(8, 8);
        using var sparse = eye(3).to_sparse();

        await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.FromModelAsync(new Both(module, sparse), host: Host));

        Assert.Single(Host.Store.List());
        Assert.Empty(Host.Store.ListLeases());
    }

    [Fact]
    public async Task Wrap_should_leave_open_what_other_wrappers_have_when_it_fails()
    {
        using var module = new Encoder(8, 8);
        using var dense = eye(3);
        using var sparse = dense.to_sparse();
        var name = new ModelName("shared");
        var wrapper = await ModelWrapper.FromModelAsync(new Both(module, dense), host: Host, name: name);

        await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.FromModelAsync(new Both(module, sparse), host: Host, name: name));

        using var answer = Call(wrapper.Load().Model);
        using var expected = Call(module);
        Assert.True(Same(expected, answer));
    }

    private sealed record Both(nn.Module<Tensor, Tensor> Model, Tensor Table);
}
