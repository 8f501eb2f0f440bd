using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>What a host's actor system serves of its store.</summary>
public sealed class HostEndpointsSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly ModelCatalog _catalog = new ModelCatalog().Register<Encoder, object>("encoder", (_, _) => new Encoder());
    private ActorSystem? _system;
    private ZeroCopyHost? _host;

    [Fact]
    public async Task Host_should_call_a_model_of_its_store_that_nobody_declared()
    {
        var host = Open();
        using var encoder = new Encoder();
        await PutAsync(encoder);
        var endpoint = await FindAsync("encoder");

        using var answer = await endpoint.CallAsync("", [Input(1)]).WaitAsync(Patience);
        using var encoded = await endpoint.CallAsync("Encode", [Input(1)]).WaitAsync(Patience);

        AssertAnswers(encoder, answer);
        Assert.Equal([1L, 4], Assert.Single(encoded.Outputs).Shape.ToArray());
        Assert.Equal("encoder@1", Assert.Single(host.Actors.Pools).Name);
        var refused = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("nothing", [Input(1)]));
        Assert.Equal(InferenceFailure.MethodNotFound, refused.Failure);
    }

    [Fact]
    public async Task Host_should_start_a_pool_that_is_declared_with_a_model()
    {
        Open("zerocopy.inference.pools.mine { model = encoder, method = Hidden, size = 2 }");
        var endpoint = await FindAsync("mine");
        var missing = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("", [Input(1)]));
        Assert.Equal(InferenceFailure.ModelNotFound, missing.Failure);
        using var encoder = new Encoder();
        await PutAsync(encoder);

        Assert.True(SpinWait.SpinUntil(() => endpoint.State == EndpointState.Ready, Patience));

        Assert.Equal(1, endpoint.Version);
        Assert.Equal("Hidden", (await endpoint.GetSignatureAsync()).Default);
        using var answer = await endpoint.CallAsync("forward", [Input(1)]).WaitAsync(Patience);
        AssertAnswers(encoder, answer);
    }

    [Fact]
    public async Task Host_should_pad_requests_of_different_lengths_to_join_them()
    {
        Open("""
            zerocopy.batching { adaptive = off, max-rows = 2, max-delay = 1h, pad-buckets = [4], pad-inputs = ["input=0"] }
            zerocopy.inference.pool-defaults.batching.enabled = on
            """);
        using var encoder = new Encoder();
        await PutAsync(encoder);
        var endpoint = await FindAsync("encoder");
        foreach (var round in Enumerable.Range(1, 2))
        {
            // Neither would be sent alone.
            var calls = new[] { Words(3), Words(4) }.Select(words => (words, Call: endpoint.CallAsync("", [words]))).ToList();
            foreach (var (words, call) in calls)
            {
                using var answer = await call.WaitAsync(Patience);
                var output = Assert.Single(answer.Outputs);
                Assert.Equal([1, words.Shape[1], 4], output.Shape.ToArray());
                using var input = TorchSharp.torch.tensor(words.Tensor.Values<float>().ToArray(), 1, words.Shape[1], 8);
                using var expected = encoder.call(input);
                Assert.Equal(
                    expected.data<float>().ToArray(),
                    output.Tensor.Values<float>().ToArray(),
                    (one, other) => Math.Abs(one - other) < 1e-5);
            }
        }

        static NamedTensor Words(int count) => new("input", HostTensor.From<float>(
            DType.Float32, Enumerable.Range(0, count * 8).Select(i => i / 8f).ToArray(), 1, count, 8));
    }

    [Fact]
    public async Task Host_should_serve_the_newer_version_and_let_the_older_one_go()
    {
        var host = Open("zerocopy.inference.pools.encoder { model = encoder, size = 2 }");
        using var first = new Encoder();
        using var second = new Encoder();
        await PutAsync(first);
        var endpoint = await FindAsync("encoder");
        Assert.True(SpinWait.SpinUntil(() => endpoint.State == EndpointState.Ready, Patience));
        using var before = await endpoint.CallAsync("", [Input(1)]).WaitAsync(Patience);
        AssertAnswers(first, before);
        Assert.Throws<ModelInUseException>(() => host.Store.Remove(new ModelName("encoder", 1)));

        await PutAsync(second);
        Assert.True(SpinWait.SpinUntil(() => endpoint.Version == 2, Patience));

        using var after = await endpoint.CallAsync("", [Input(1)]).WaitAsync(Patience);
        AssertAnswers(second, after);
        Assert.True(SpinWait.SpinUntil(() => host.Store.ListUsed().Count == 1, Patience));
        host.Store.Remove(new ModelName("encoder", 1));
    }

    [Fact]
    public async Task Host_should_release_an_idle_model()
    {
        var host = Open("zerocopy.inference { idle-timeout = 1ms, refresh-interval = 10ms }");
        using var encoder = new Encoder();
        await PutAsync(encoder);
        using var answer = await (await FindAsync("encoder")).CallAsync("", [Input(1)]).WaitAsync(Patience);

        Assert.True(SpinWait.SpinUntil(() => host.Store.ListUsed().Count == 0, Patience));

        AssertAnswers(encoder, answer);
        host.Store.Remove(new ModelName("encoder"));
    }

    [Fact]
    public async Task Host_should_leave_models_alone_that_the_program_has_open()
    {
        var host = Open("zerocopy.inference { idle-timeout = 1ms, refresh-interval = 10ms }");
        using var encoder = new Encoder();
        await PutAsync(encoder);
        await using var own = await host.StartPoolAsync(
            "own", new ModelName("encoder"), (Encoder model, TorchSharp.torch.Tensor input) => model.call(input));
        (await (await FindAsync("encoder")).CallAsync("", [Input(1)]).WaitAsync(Patience)).Dispose();
        Assert.True(SpinWait.SpinUntil(() => host.Actors.Pools.Count == 1, Patience));

        using var input = TorchSharp.torch.ones(1, 8);
        using var answer = await own.AskAsync(input).WaitAsync(Patience);

        Assert.Equal([1, 4], answer.shape);
    }

    [Fact]
    public async Task Host_should_end_what_it_serves_before_its_actor_system()
    {
        var host = Open();
        using var encoder = new Encoder();
        await PutAsync(encoder);
        var endpoint = await FindAsync("encoder");
        (await endpoint.CallAsync("", [Input(1)]).WaitAsync(Patience)).Dispose();

        await host.DisposeAsync();

        Assert.Empty(ZeroCopy.Actors.ZeroCopySystem.For(_system!).Pools);
        var late = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("", [Input(1)]));
        Assert.Equal(InferenceFailure.ShuttingDown, late.Failure);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
            await _system!.Terminate();
        }

        _directory.Dispose();
    }

    private static NamedTensor Input(int rows) =>
        new("input", HostTensor.From<float>(DType.Float32, Enumerable.Range(0, rows * 8).Select(i => i / 8f).ToArray(), rows, 8));

    private static void AssertAnswers(Encoder model, ModelAnswer answer)
    {
        using var frozen = TorchSharp.torch.no_grad();
        using var input = TorchSharp.torch.arange(8, dtype: TorchSharp.torch.ScalarType.Float32).div(8).reshape(1, 8);
        using var expected = model.call(input);
        var output = Assert.Single(answer.Outputs);
        Assert.Equal("output", output.Name);
        Assert.Equal(
            expected.data<float>().ToArray(), output.Tensor.Values<float>().ToArray(), (one, other) => Math.Abs(one - other) < 1e-5);
    }

    private ZeroCopyHost Open(string hocon = "")
    {
        _system = ActorSystem.Create("serving", ConfigurationFactory.ParseString($$"""
            akka { loglevel = OFF, stdout-loglevel = OFF }
            zerocopy.inference { refresh-interval = 20ms, pool-defaults.size = 1 }
            {{hocon}}
            """));
        return _host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = _directory.File("store") },
            Catalog = _catalog,
            ActorSystem = _system,
        });
    }

    private async Task PutAsync(Encoder encoder) => await _host!.Runtime.PutAsync(
        encoder,
        new PutModuleOptions { Put = new PutOptions { Name = new ModelName("encoder") }, Recipe = new Recipe.Catalog("encoder", "{}") });

    private async Task<IModelEndpoint> FindAsync(string name)
    {
        var found = await _host!.Endpoints.FindAsync(name);
        Assert.NotNull(found);
        return found;
    }
}
