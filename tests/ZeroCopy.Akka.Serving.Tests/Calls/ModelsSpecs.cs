using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Calls;

public sealed class ModelsSpecs
{
    [Fact]
    public async Task Models_should_forget_that_a_model_was_unloaded_which_is_gone()
    {
        IModelEndpoint[] endpoints = [new LoadableEndpoint("a"), new LoadableEndpoint("b")];
        var models = new Models(new FakeDirectory(endpoints));
        await models.UnloadAsync("a", CancellationToken.None);
        Assert.NotSame(endpoints[0], await models.FindAsync("a", null, CancellationToken.None));

        endpoints[0] = new LoadableEndpoint("c");
        await models.UnloadAsync("b", CancellationToken.None);
        endpoints[0] = new LoadableEndpoint("a");

        Assert.Same(endpoints[0], await models.FindAsync("a", null, CancellationToken.None));
    }
}
