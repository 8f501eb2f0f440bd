using Akka.Actor;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Actors that say when they have ended a call, so that others come to them.</summary>
public sealed class InferenceActorLoadSpecs : ZeroCopySpec
{
    private readonly ActorLoads _loads = new();
    private readonly PoolReadiness _readiness = new();
    private readonly CallLedger _ledger = new("a spec", int.MaxValue, "zerocopy", TimeProvider.System);
    private PoolContext? _pool;

    [Fact]
    public async Task InferenceActor_should_end_its_load_with_each_call()
    {
        var actor = Start(new FakeSource());
        Assert.Equal([1, 2], await Task.WhenAll(Send(actor, 1), Send(actor, 2)).WaitAsync(Patience));
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_end_its_load_when_its_model_throws()
    {
        var actor = Start(new FakeSource(), (_, _) => throw new InvalidOperationException("A bad request."));
        await FailsAsync(InferenceFailure.ModelError, Send(actor, 1));
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_end_its_load_when_it_crashes()
    {
        var actor = Start(new FakeSource());
        var call = Call(1);
        _loads.Of(actor).Add();
        // Without a codec: the batch is an error outside the calls.
        actor.Tell(new CallBatch([call], [new BatchKind("kind", new BatchGroup("kind", null), 1)]));
        await FailsAsync(InferenceFailure.ActorCrashed, call.Task);
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_have_no_load_by_calls_that_wait_for_whoever_is_ready()
    {
        var gate = new TaskCompletionSource();
        var actor = Start(new FakeSource { Warm = false, OnLoad = _ => gate.Task });
        var call = Send(actor, 1);
        Assert.Equal(0, await LoadAsync(actor));
        gate.SetResult();
        Assert.Equal(1, await call.WaitAsync(Patience));
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_end_its_load_when_another_one_takes_the_call()
    {
        var gate = new TaskCompletionSource();
        var loading = Start(new FakeSource { Warm = false, OnLoad = _ => gate.Task });
        var ready = Start(new FakeSource());
        await _readiness.FirstReady.WaitAsync(Patience);
        Assert.Equal(1, await Send(loading, 1).WaitAsync(Patience));
        Assert.Equal(0, await LoadAsync(loading));
        Assert.Equal(0, await LoadAsync(ready));
        gate.SetResult();
    }

    [Fact]
    public async Task InferenceActor_should_end_its_load_when_its_model_cannot_be_loaded()
    {
        var actor = Start(new FakeSource { Warm = false, OnLoad = _ => throw new InvalidOperationException("No such file.") });
        await FailsAsync(InferenceFailure.LoadFailed, Send(actor, 1));
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_serve_first_what_waited_while_its_model_was_loaded()
    {
        var gate = new TaskCompletionSource();
        var served = new List<object?>();
        Task<object?>? later = null;
        IActorRef? actor = null;
        var source = new FakeSource
        {
            Warm = false,
            OnLoad = _ => gate.Task,
            // The last that an actor does before it is ready: a call of now is in its mailbox before it looks for those that wait.
            OnLease = _ =>
            {
                later = Send(actor!, 3);
                return null;
            },
        };
        actor = Start(source, (_, argument) =>
        {
            served.Add(argument);
            return argument;
        });
        Task<object?>[] waiting = [Send(actor, 1), Send(actor, 2)];
        Assert.Equal(0, await LoadAsync(actor));
        gate.SetResult();

        await Task.WhenAll(waiting).WaitAsync(Patience);
        await later!.WaitAsync(Patience);

        Assert.Equal([1, 2, 3], served);
        Assert.Equal(0, await LoadAsync(actor));
    }

    [Fact]
    public async Task InferenceActor_should_serve_what_it_has_before_what_came_later_to_one_without_a_model()
    {
        using var gate = new ManualResetEventSlim();
        var served = new List<object?>();
        var loaded = new TaskCompletionSource();
        var ready = Start(new FakeSource(), (_, argument) =>
        {
            gate.Wait(Patience);
            served.Add(argument);
            return argument;
        });
        await _readiness.FirstReady.WaitAsync(Patience);
        var loading = Start(new FakeSource { Warm = false, OnLoad = _ => loaded.Task });
        Task<object?>[] own = [Send(ready, 1), Send(ready, 2)];
        var later = Send(loading, 3);
        Assert.Equal(0, await LoadAsync(loading));

        gate.Set();

        await Task.WhenAll([.. own, later]).WaitAsync(Patience);
        Assert.Equal([1, 2, 3], served);
        Assert.Equal(0, await LoadAsync(ready));
        loaded.SetResult();
    }

    private IActorRef Start(FakeSource source, ModelFunction? function = null)
    {
        var pool = _pool ??= new PoolContext(
            "spec", source, Same, Codec: null, Zero.Settings.Inference.PoolDefaults with { Load = new LoadSettings { Attempts = 1 } },
            _ledger, _readiness, _loads, new JoinedKinds(verify: true));
        return Sys.ActorOf(InferenceActor.Props(pool with { Source = source, Function = function ?? Same }, new ActorLeases()));
    }

    private static object? Same(object target, object? argument) => argument;

    private InferenceCall Call(object? argument) => new(_ledger, new FakeSource(), argument, default);

    private Task<object?> Send(IActorRef actor, object? argument)
    {
        var call = Call(argument);
        _loads.Of(actor).Add();
        actor.Tell(call);
        return call.Task;
    }

    // Behind the calls in the mailbox: the answer to a call comes before its end.
    private async Task<int> LoadAsync(IActorRef actor)
    {
        await actor.Ask<ActorIdentity>(new Identify(null), Patience);
        return _loads.Of(actor).Count;
    }
}
