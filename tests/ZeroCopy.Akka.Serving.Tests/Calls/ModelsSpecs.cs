using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Calls;

public sealed class ModelsSpecs
{
    [Fact]
    public async Task Models_should_list_what_a_name_and_version_stand_for_once()
    {
        IModelEndpoint[] endpoints =
        [
            FakeEndpoint.Identity("x"), new FakeEndpoint("x", _ => new ModelAnswer([])) { Version = null },
            new FakeEndpoint("x", _ => new ModelAnswer([])) { Version = 2 }, FakeEndpoint.Identity("y"),
        ];
        var models = new Models(new FakeDirectory(endpoints));

        var listed = await models.ListAsync(CancellationToken.None);

        Assert.Equal([("x", null), ("x", 2), ("y", 1)], listed.Select(endpoint => (endpoint.Name, endpoint.Version)));
    }

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
