using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Parity.Scripts;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

public sealed class ModelWrapperSpecs : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ZeroCopyHost _host;
    private readonly Tensor _input = linspace(-1, 1, 24).reshape(3, 8);

    public ModelWrapperSpecs() =>
        _host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = _directory.File("store") } });

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _input.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task ModelWrapper_should_load_a_module_that_answers_and_holds_the_same_state()
    {
        var model = Mlp();
        model.train();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: _host);

        var loaded = wrapper.Load();

        Assert.False(loaded.training);
        Assert.True(model.training);
        model.eval();
        AssertSame(model, loaded);
        var (mine, theirs) = (model.state_dict(), loaded.state_dict());
        Assert.Equal(mine.Keys, theirs.Keys);
        Assert.All(mine.Keys, key => Assert.True(Same(mine[key], theirs[key]), key));
    }

    [Fact]
    public async Task ModelWrapper_should_keep_its_version_when_a_program_wraps_the_same_model_at_each_start()
    {
        using var model = Mlp();
        for (var start = 0; start < 3; start++)
        {
            await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = _host.Store.Options });
            var wrapper = await ModelWrapper.FromModelAsync(model, host: host, name: new ModelName("classifier"));
            AssertSame(model, wrapper.Load());
        }

        var names = _host.Store.List().SelectMany(info => info.Names);

        Assert.Equal("classifier@1", Assert.Single(names).ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ModelWrapper_should_load_when_another_process_keeps_one_version_and_puts_its_own_next(bool script)
    {
        using var other = ObjectStore.Open(_host.Store.Options);
        using var module = script ? (Module)ScriptFiles.Load("traced") : Mlp();
        var put = new PutOptions { Name = new ModelName("classifier"), KeepVersions = 1 };
        var next = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        await other.PutAsync(Weights(1), put);
        await using var host = ZeroCopyHost.Open(
            new ZeroCopyHostOptions { Store = _host.Store.Options with { KeepVersions = 1, Log = PutNext } });

        // The put of the wrap removes the version before, which is told under the store's lock: the other one puts next.
        var wrapper = await ModelWrapper.FromModelAsync(module, host: host, name: new ModelName("classifier"));
        await await next.Task;

        ModuleDisposal.Release(wrapper.Load());
        Assert.Equal(
            ["classifier@2", "classifier@3"],
            other.List().SelectMany(info => info.Names).Select(name => name.ToString()).Order(StringComparer.Ordinal));
        wrapper.Unload();

        void PutNext(string line)
        {
            if (line.StartsWith("Removed classifier@1", StringComparison.Ordinal))
            {
                next.SetResult(other.PutAsync(Weights(2), put));
            }
        }

        static ModelContent Weights(int seed) =>
            new() { Tensors = [ArrayTensorSource.Random("weight", 100, seed)], Recipe = new Recipe.Weights("Test", "") };
    }

    [Fact]
    public async Task ModelWrapper_should_keep_a_pipelines_attributes_and_leave_the_original_alone()
    {
        var pipeline = new Pipeline(Mlp(), Mlp(), "digits", 3);
        using var expected = pipeline.Run(_input);
        var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: _host);

        var loaded = wrapper.Load();

        Assert.Equal(("digits", 3), (loaded.Name, loaded.Version));
        Assert.NotSame(pipeline, loaded);
        using var answer = loaded.Run(_input);
        Assert.True(Same(expected, answer));
        using var again = pipeline.Run(_input);
        Assert.True(Same(expected, again));
    }

    [Fact]
    public async Task ModelWrapper_should_store_a_module_under_two_attributes_once()
    {
        var shared = Mlp();

        var wrapper = await ModelWrapper.FromModelAsync(new Pipeline(shared, shared, "twice", 1), host: _host);

        Assert.Equal(2, wrapper.ModelReferences.Count);
        Assert.Single(wrapper.ModelReferences.Values.Select(handle => handle.Id).Distinct());
    }

    [Fact]
    public async Task ModelWrapper_should_round_trip_its_bytes()
    {
        var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: _host);

        var copy = ModelWrapper.Deserialize<Module<Tensor, Tensor>>(wrapper.Serialize(), _host);

        Assert.Equal(wrapper.ModelReferences, copy.ModelReferences);
        AssertSame(model, copy.Load());
    }

    [Fact]
    public async Task ForTasks_should_answer_five_callers_at_once_as_the_model_does()
    {
        var model = Mlp();
        using var expected = Call(model);
        var tasks = await ModelWrapper.ForTasksAsync(model, host: _host);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => tasks.CallAsync(_input)));

        Assert.All(answers, answer => Assert.True(Same(expected, answer)));
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task ForTasks_should_stand_where_a_module_can()
    {
        var model = Mlp();
        var tasks = await ModelWrapper.ForTasksAsync(model, host: _host);

        AssertSame(model, tasks);
    }

    [Fact]
    public async Task ForTasks_should_refuse_a_method_that_nobody_allowed()
    {
        var tasks = await ModelWrapper.ForTasksAsync(Mlp(), host: _host);

        var error = await Assert.ThrowsAsync<MethodNotAllowedException>(() => tasks.InvokeAsync<Tensor>("to_nowhere", [_input]));

        Assert.Equal("to_nowhere", error.Method);
    }

    private static Module<Tensor, Tensor> Mlp()
    {
        Module<Tensor, Tensor> model = Sequential(("in", Linear(8, 8)), ("act", ReLU()), ("out", Linear(8, 8)));
        model.eval();
        return model;
    }

    private void AssertSame(Module<Tensor, Tensor> expected, Module<Tensor, Tensor> actual)
    {
        using var left = Call(expected);
        using var right = Call(actual);
        Assert.True(Same(left, right));
    }

    private static bool Same(Tensor left, Tensor right)
    {
        using var scope = NewDisposeScope();
        return left.shape.SequenceEqual(right.shape) && left.eq(right).all().item<bool>();
    }

    private Tensor Call(Module<Tensor, Tensor> model)
    {
        using var frozen = no_grad();
        return model.call(_input);
    }

    private sealed class Pipeline(Module<Tensor, Tensor> encoder, Module<Tensor, Tensor> head, string name, int version)
    {
        private readonly Module<Tensor, Tensor> _encoder = encoder;
        private readonly Module<Tensor, Tensor> _head = head;

        public string Name { get; } = name;

        public int Version { get; } = version;

        public Tensor Run(Tensor input)
        {
            using var frozen = no_grad();
            return _head.call(_encoder.call(input));
        }
    }
}
