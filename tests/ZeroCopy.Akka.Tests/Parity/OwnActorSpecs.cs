using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Actors of a user's own that load a wrapper and release what it gave.</summary>
public sealed class OwnActorSpecs : ParitySpec
{
    private const int Actors = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly ModelCase _model = ModelCases.Get("28 MB mlp");

    [SkippableFact]
    public async Task Own_actors_should_restart_on_the_same_blocks_after_a_crash_and_release_them_at_their_end()
    {
        using var source = _model.Make();
        using var expected = _model.Answer(source);
        using var input = _model.Input();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host, name: new ModelName("owned"));
        var (starts, ends) = (new CountdownEvent(Actors), new CountdownEvent(Actors));
        var router = Host.ActorSystem.ActorOf(
            Props.Create(() => new Owner(wrapper, null, starts, ends)).WithRouter(new RoundRobinPool(Actors)));
        Assert.True(starts.Wait(Patience));
        var before = await StatesAsync();
        var (mappings, tensors) = (MappedFiles().Count, LiveTensors());

        starts.Reset();
        router.Tell(new Broadcast(Crash.Instance));
        Assert.True(starts.Wait(Patience) && ends.Wait(Patience));

        var after = await StatesAsync();
        Assert.Equal(2 * Actors, before.Concat(after).Select(state => state.Model).Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.Single(before.Concat(after).Select(state => string.Join(' ', state.Weights)).Distinct());
        Assert.Equal(mappings, MappedFiles().Count);
        Assert.InRange(Tensor.TotalCount, 0, tensors);
        using (var answer = await router.Ask<Tensor>(input, Patience))
        {
            Elements.AssertSame(expected, answer);
        }

        ends.Reset();
        await router.GracefulStop(Patience);
        Assert.True(ends.IsSet);
        wrapper.Unload();
        Host.Store.Remove(new ModelName("owned"));
        Assert.True(MappedFiles().IsEmpty);

        async Task<List<State>> StatesAsync() =>
            [.. await Task.WhenAll(Enumerable.Range(0, Actors).Select(_ => router.Ask<State>(Look.Instance, Patience)))];
    }

    [Fact]
    public async Task Own_actor_should_load_again_when_it_crashed_in_its_load()
    {
        using var source = _model.Make();
        using var expected = _model.Answer(source);
        using var input = _model.Input();
        var bytes = (await ModelWrapper.FromModelAsync(source, host: Host)).Serialize();
        var host = Open();
        var wrapper = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(bytes, host);
        var loads = 0;
        var options = new LoadOptions<nn.Module<Tensor, Tensor>>
        {
            ModuleFactory = build => Interlocked.Increment(ref loads) == 1
                ? throw new IOException("a file is missing") : _model.Build(build.Device),
        };
        var router = host.ActorSystem.ActorOf(Props.Create(() => new Owner(wrapper, options, null, null)).WithRouter(
            new RoundRobinPool(1).WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Restart))));

        using var answer = await router.Ask<Tensor>(input, Patience);

        Elements.AssertSame(expected, answer);
        Assert.True(loads >= 2, $"{loads} loads.");
    }

    [Fact]
    public async Task Own_actor_should_be_told_that_a_wrapper_cannot_be_loaded_here()
    {
        using var source = _model.Make();
        var bytes = (await ModelWrapper.FromModelAsync(source, host: Host)).Serialize();
        var host = Open();
        var wrapper = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(bytes, host);
        var failure = new TaskCompletionSource<Exception>();
        host.ActorSystem.ActorOf(Props.Create(() => new Owner(wrapper, null, null, null)).WithRouter(
            new RoundRobinPool(1).WithSupervisorStrategy(new OneForOneStrategy(reason =>
            {
                failure.TrySetResult(reason);
                return Directive.Stop;
            }))));

        var reason = await failure.Task.WaitAsync(Patience);

        Assert.Contains(nameof(RecipeUnavailableException), reason.ToString(), StringComparison.Ordinal);
        Assert.Contains("give LoadOptions.Factory", reason.ToString(), StringComparison.Ordinal);
    }

    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    /// <summary>What an actor holds.</summary>
    private sealed record State(object Model, IReadOnlyList<long> Weights);

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Crash
    {
        public static readonly Crash Instance = new();
    }

    /// <summary>As the README shows it, with eyes for the spec.</summary>
    private sealed class Owner : ReceiveActor
    {
        private readonly nn.Module<Tensor, Tensor>? _model;
        private readonly CountdownEvent? _ends;

        public Owner(
            ModelWrapper<nn.Module<Tensor, Tensor>> wrapper,
            LoadOptions<nn.Module<Tensor, Tensor>>? options,
            CountdownEvent? starts,
            CountdownEvent? ends)
        {
            _ends = ends;
            _model = wrapper.Load(options);
            Receive<Tensor>(input =>
            {
                using var guard = no_grad();
                Sender.Tell(_model.call(input));
            });
            Receive<Look>(_ => Sender.Tell(new State(_model, [.. _model.parameters().Select(Elements.Address)])));
            Receive<Crash>(_ => throw new InvalidOperationException("a bug"));
            starts?.Signal();
        }

        protected override void PostStop()
        {
            ModelWrapper.Release(_model!);
            _ends?.Signal();
        }
    }
}
