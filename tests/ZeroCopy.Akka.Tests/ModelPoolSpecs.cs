using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

public sealed class ModelPoolSpecs : HostSpec
{
    private static readonly CallOptions Given = new() { Ownership = ArgumentOwnership.Give };

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task ModelPool_should_answer_as_the_model_does(WrapMode mode)
    {
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, mode, host: Host);
        await using var pool = await StartAsync(wrapper);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => pool.AskAsync(Input))).WaitAsync(Patience);

        Assert.All(answers, answer => Assert.True(Same(expected, answer)));
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task ModelPool_should_give_each_actor_a_pipeline_of_its_own()
    {
        var pipeline = new CountingPipeline { Encoder = Mlp(), Head = Mlp(), Offset = ones(8) };
        using var expected = pipeline.Run(Input);
        var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: Host);
        var meet = new Barrier(2);

        await using var pool = await Host.StartPoolAsync("pipelines", wrapper, (CountingPipeline own, Tensor input) =>
        {
            Assert.True(meet.SignalAndWait(Patience));
            return (own.Run(input), own.Calls, own);
        }, settings => settings with { Size = 2, Router = RoutingStrategy.RoundRobin });
        Assert.True(SpinWait.SpinUntil(() => pool.Actors.ReadyActors == 2, Patience));
        var answers = await Task.WhenAll(pool.AskAsync(Input), pool.AskAsync(Input)).WaitAsync(Patience);

        Assert.All(answers, answer => Assert.True(Same(expected, answer.Item1)));
        Assert.All(answers, answer => Assert.Equal(2, answer.Calls));
        Assert.NotSame(answers[0].own, answers[1].own);
        Assert.Equal(1, pipeline.Calls);
    }

    [Fact]
    public async Task ModelPool_should_free_what_its_pipelines_took()
    {
        using var encoder = Mlp();
        using var head = Mlp();
        using var offset = ones(8);
        var wrapper = await ModelWrapper.FromModelAsync(
            new CountingPipeline { Encoder = encoder, Head = head, Offset = offset }, host: Host);
        await RoundAsync();
        var (tensors, leaks) = (LiveTensors(), new LeakCheck());

        for (var round = 0; round < 5; round++)
        {
            await RoundAsync();
        }

        Assert.InRange(Tensor.TotalCount, 0, tensors);
        leaks.Verify();

        async Task RoundAsync()
        {
            await using var pool = await Host.StartPoolAsync(
                "pipelines", wrapper, (CountingPipeline own, Tensor input) => own.Run(input), settings => settings with { Size = 3 });
            // An actor that had no instance yet would make one in a later round only.
            Assert.True(SpinWait.SpinUntil(() => pool.Actors.ReadyActors == 3, Patience));
            (await pool.AskAsync(Input).WaitAsync(Patience)).Dispose();
        }
    }

    [Fact]
    public async Task ModelPool_should_answer_at_its_callers_limit_and_read_on_what_the_caller_frees()
    {
        using var model = Mlp();
        using var hold = new HeldCall();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "held",
            wrapper,
            (Module<Tensor, Tensor> _, Dictionary<string, Tensor[]> input) => hold.Sum(input["x"][0]),
            settings => settings with { Size = 1 });
        var input = new Dictionary<string, Tensor[]> { ["x"] = [ones(4)] };
        using var stop = new CancellationTokenSource();
        var call = pool.AskAsync(input, cancellationToken: stop.Token);
        await hold.EnteredAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        input["x"][0].Dispose();
        Assert.Equal(4, await hold.LetGoAsync());
    }

    [Fact]
    public async Task Tasks_should_answer_at_their_callers_limit_and_read_on_what_the_caller_frees()
    {
        using var hold = HeldModule.Hold = new HeldCall();
        using var model = new HeldModule();
        var tasks = await ModelWrapper.ForTasksAsync<Module<Tensor, Tensor>>(model, host: Host);
        var input = ones(4);
        using var stop = new CancellationTokenSource();
        var call = tasks.CallAsync(input, cancellationToken: stop.Token);
        await hold.EnteredAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        input.Dispose();
        Assert.Equal(4, await hold.LetGoAsync());
    }

    [Fact]
    public async Task Map_should_end_at_its_deadline_while_a_batch_is_computed()
    {
        using var model = Mlp();
        using var hold = new HeldCall();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var map = wrapper.MapBatchesAsync<float, float>(
            Enumerable.Range(0, 8).Select(i => (float)i).ToAsyncEnumerable(),
            (_, rows) => rows[0] == 4 ? [hold.Sum(ones(4))] : rows.ToArray(),
            new() { BatchSize = 2, Actors = 2, Deadline = TimeSpan.FromMilliseconds(300) });

        var failure = await Assert.ThrowsAsync<InferenceException>(() => map.ToListAsync().AsTask().WaitAsync(Patience));

        Assert.Equal(InferenceFailure.DeadlineExceeded, failure.Failure);
        Assert.Contains("from row 4", failure.Message, StringComparison.Ordinal);
        await hold.LetGoAsync();
    }

    [SkippableFact]
    public async Task ModelPool_should_run_a_script_by_its_name()
    {
        Skip.If(RepositoryRoot.SharedData is null, "The folder with models written by PyTorch is absent.");
        await Host.Runtime.PutFileAsync(
            Path.Combine(RepositoryRoot.SharedData!, "detector", "detector.pt"), new PutOptions { Name = new ModelName("detector") });
        using var window = zeros(1, 512);

        await using var pool = await Host.StartPoolAsync(
            "detector", new ModelName("detector"), (ScriptProgram script, Tensor input) => (Tensor)script.Forward(input, 16000L)!);
        using var answer = await pool.AskAsync(window).WaitAsync(Patience);

        Assert.Equal([1, 1], answer.shape);
    }

    [Fact]
    public async Task ModelPool_should_refuse_a_function_for_another_type()
    {
        var wrapper = await ModelWrapper.FromModelAsync(
            new CountingPipeline { Encoder = Mlp(), Head = Mlp(), Offset = ones(8) }, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "other", wrapper.As<Uri>(), (Uri _, int input) => input, settings => settings with { Load = new() { Attempts = 1 } });

        var error = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(1).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.LoadFailed, error.Failure);
        Assert.Contains(nameof(CountingPipeline), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelPool_should_leave_an_input_to_its_caller_and_take_one_that_is_given()
    {
        using var model = Mlp();
        await using var pool = await StartAsync(await ModelWrapper.FromModelAsync(model, host: Host));
        (await pool.AskAsync(Input).WaitAsync(Patience)).Dispose();
        var before = LiveTensors();

        for (var i = 0; i < 50; i++)
        {
            (await pool.AskAsync(Input).WaitAsync(Patience)).Dispose();
            (await pool.AskAsync(rand(3, 8), Given).WaitAsync(Patience)).Dispose();
            await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(rand(3, 7), Given).WaitAsync(Patience));
            await Assert.ThrowsAsync<InferenceException>(
                () => pool.AskAsync(rand(3, 8), Given with { Deadline = TimeSpan.Zero }).WaitAsync(Patience));
        }

        await pool.Actors.DrainAsync().WaitAsync(Patience);
        await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(rand(3, 8), Given).WaitAsync(Patience));
        Assert.False(Input.IsInvalid);
        // Prototype and input live on; the drained actors' instances may still be idle.
        Assert.InRange(Tensor.TotalCount, 0, before);
    }

    [Fact]
    public async Task ModelPool_should_answer_with_a_tensor_of_the_callers_own_when_the_function_hands_its_input_through()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync("through", wrapper, (Module<Tensor, Tensor> _, Tensor input) => input);
        using var kept = Input.clone();

        using var answer = await pool.AskAsync(Input.clone(), Given).WaitAsync(Patience);

        Assert.True(Same(kept, answer));
    }

    [Fact]
    public async Task ModelPool_should_answer_with_a_tensor_of_the_callers_own_when_the_function_hands_out_a_weight()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(
            new CountingPipeline { Encoder = model, Head = Mlp(), Offset = ones(8) }, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "weights",
            wrapper,
            (CountingPipeline own, int _) => (own.Encoder.parameters().First(), own.Offset),
            settings => settings with { Size = 1 });

        for (var call = 0; call < 3; call++)
        {
            var (weight, offset) = await pool.AskAsync(call).WaitAsync(Patience);
            Assert.True(Same(model.parameters().First(), weight));
            Assert.Equal(8, offset.sum().item<float>());
            weight.Dispose();
            offset.Dispose();
        }
    }

    [Fact]
    public async Task ModelPool_should_join_requests_where_its_settings_say_so()
    {
        using var model = Mlp();
        using var expected = Call(model);
        var rows = new List<long>();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync("joined", wrapper, (Module<Tensor, Tensor> own, Tensor input) =>
        {
            rows.Add(input.shape[0]);
            return own.call(input);
        }, settings => settings with
        {
            Size = 1,
            Batching = new() { Adaptive = false, MaxRows = 12, MaxDelay = Patience, Verify = false },
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => pool.AskAsync(Input))).WaitAsync(Patience);

        Assert.Equal([12], rows);
        Assert.All(answers, answer => Assert.True(allclose(expected, answer)));
    }

    public static TheoryData<string, Func<Module<Tensor, Tensor>, Tensor, (Tensor, Tensor)>> RowsThatAreNotOfRequests => new()
    {
        { "layers in the first dimension, as a hidden state has them", (model, input) =>
            (model.call(input), stack([input.sum(1), input.mean([1L])])) },
        { "a table of the model beside each answer", (model, input) => (model.call(input), arange(2).unsqueeze(1)) },
        { "a mean over all rows", (model, input) => (model.call(input), input.mean([0L], keepdim: true).expand(input.shape)) },
        { "a sum up to each row", (model, input) => (model.call(input), input.cumsum(0)) },
        { "rows in another order", (model, input) => (model.call(input).flip(0), input) },
        { "no rows", (model, input) => (model.call(input), input.sum()) },
    };

    [Theory]
    [MemberData(nameof(RowsThatAreNotOfRequests))]
    public async Task ModelPool_should_never_join_to_an_answer_that_the_single_call_would_not_give(
        string what, Func<Module<Tensor, Tensor>, Tensor, (Tensor, Tensor)> function)
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "cut", wrapper, function,
            settings => settings with { Size = 1, Batching = new() { Adaptive = false, MaxRows = 2, MaxDelay = Patience } });
        for (var round = 0; round < 3; round++)
        {
            Tensor[] inputs = [rand(1, 8), rand(1, 8)];
            var answers = await Task.WhenAll(inputs.Select(input => pool.AskAsync(input))).WaitAsync(Patience);
            foreach (var (input, answer) in inputs.Zip(answers))
            {
                var (first, second) = function(model, input);
                Assert.True(first.shape.SequenceEqual(answer.Item1.shape) && allclose(first, answer.Item1), what);
                Assert.True(second.shape.SequenceEqual(answer.Item2.shape) && allclose(second, answer.Item2), what);
            }
        }
    }

    [Fact]
    public async Task ModelPool_should_name_a_name_that_is_taken_and_leave_it_to_the_next_when_it_ends()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var first = await StartAsync(wrapper);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(wrapper));
        Assert.Contains("'spec'", error.Message, StringComparison.Ordinal);
        Assert.Same(first, Host.Pool<Tensor, Tensor>("spec"));
        Assert.Throws<ArgumentException>(() => Host.Pool<int, int>("spec"));

        await first.DisposeAsync();
        Assert.Throws<KeyNotFoundException>(() => Host.Pool<Tensor, Tensor>("spec"));
        await using var second = await StartAsync(wrapper);
        (await second.AskAsync(Input).WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task ModelPool_should_be_a_router_with_the_settings_of_its_name_and_end_with_its_host()
    {
        var system = ActorSystem.Create("users", ConfigurationFactory.ParseString("""
            zerocopy.inference.pools.digits { size = 3, router = round-robin, queue-capacity = 7, deadline = 9s }
            akka.loglevel = WARNING
            """));
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = StoreOptions, ActorSystem = system });
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: host);
        var pool = await host.StartPoolAsync("digits", wrapper, (Module<Tensor, Tensor> own, Tensor input) => own.call(input));
        (await pool.AskAsync(Input).WaitAsync(Patience)).Dispose();

        Assert.Equal(3, pool.Actors.Settings.Size);
        Assert.Equal(7, pool.Actors.Settings.QueueCapacity);
        Assert.Equal("/user/zerocopy/pools/digits", pool.Actors.Router.Path.ToStringWithoutAddress());
        await host.DisposeAsync();

        var error = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(Input).WaitAsync(Patience));
        Assert.Equal(InferenceFailure.ShuttingDown, error.Failure);
        await system.Terminate();
    }

    private Task<ModelPool<Tensor, Tensor>> StartAsync(ModelWrapper<Module<Tensor, Tensor>> wrapper) =>
        Host.StartPoolAsync(
            "spec", wrapper, (Module<Tensor, Tensor> model, Tensor input) => model.call(input), settings => settings with { Size = 2 });

    private sealed class CountingPipeline
    {
        public required Module<Tensor, Tensor> Encoder { get; init; }

        public required Module<Tensor, Tensor> Head { get; init; }

        public required Tensor Offset { get; init; }

        public int Calls { get; private set; }

        public Tensor Run(Tensor input)
        {
            Calls++;
            return Head.call(Encoder.call(input)) + Offset;
        }
    }

    private sealed class HeldModule() : Module<Tensor, Tensor>(nameof(HeldModule))
    {
        public static HeldCall Hold { get; set; } = new();

        public override Tensor forward(Tensor input)
        {
            Hold.Sum(input);
            return input;
        }
    }
}
