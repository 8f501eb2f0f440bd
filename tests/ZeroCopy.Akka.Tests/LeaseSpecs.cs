using System.Runtime.CompilerServices;
using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests;

/// <summary>Who holds a model of the store, from its first load to its end: pools, tasks, loaded objects, and actors of a user's.</summary>
public sealed class LeaseSpecs : HostSpec
{
    private static readonly ModelName Name = new("encoder");
    private static readonly string Loaded = $"loaded {typeof(Encoder)}";
    private static readonly string Tasks = $"tasks of {typeof(Encoder)}";

    [Fact]
    public async Task Pool_should_hold_its_model_and_leave_it_to_the_host_when_it_has_ended()
    {
        var wrapper = await WrapAsync();
        var pool = await Host.StartPoolAsync(
            "leases", wrapper, (Encoder encoder, Tensor input) => encoder.call(input), s => s with { Size = 2 });
        Until(() => pool.Actors.ReadyActors == 2);

        Assert.Equal([("model encoder@1", 1), ("pool leases", 2)], Held());

        await pool.DisposeAsync();
        Assert.Equal([("model encoder@1", 1)], Held());
        wrapper.Unload();
        Assert.Empty(Held());
    }

    [Fact]
    public async Task Pool_should_hold_its_model_on_when_the_wrapper_is_unloaded()
    {
        var wrapper = await WrapAsync();
        var pool = await Host.StartPoolAsync(
            "leases", wrapper, (Encoder encoder, Tensor input) => encoder.call(input), s => s with { Size = 1 });
        await pool.WhenReadyAsync();

        wrapper.Unload();

        var refused = Assert.Throws<ModelInUseException>(() => Host.Store.Remove(Name));
        Assert.Contains("'pool leases'", refused.Message, StringComparison.Ordinal);
        await pool.DisposeAsync();
        Assert.Empty(Held());
        Host.Store.Remove(Name);
    }

    [Fact]
    public async Task Pool_should_hold_each_model_of_a_pipeline_and_one_that_it_finds_by_name()
    {
        using var first = new Encoder();
        using var second = new Encoder();
        var wrapper = await ModelWrapper.FromModelAsync(new Pair(first, second), host: Host);
        var pipeline = await Host.StartPoolAsync(
            "pairs", wrapper, (Pair pair, Tensor input) => pair.First.call(input), s => s with { Size = 1 });
        await pipeline.WhenReadyAsync();
        var named = await Host.StartPoolLaterAsync<Encoder, Tensor, Tensor>(
            "named", Name, (encoder, input) => encoder.call(input), null, s => s with { Size = 1 }, null);
        await WrapAsync();
        await named.WhenReadyAsync();

        Assert.Equal((2, 1), (Held("pool pairs"), Held("pool named")));

        await pipeline.DisposeAsync();
        await named.DisposeAsync();
        Assert.Equal((0, 0), (Held("pool pairs"), Held("pool named")));
    }

    [Fact]
    public async Task Wrapper_should_hold_its_model_for_each_object_that_it_loads_until_its_release()
    {
        var wrapper = await WrapAsync();
        var (one, other) = (wrapper.Load(), wrapper.Load());

        Assert.Equal(2, Held(Loaded));

        ModelWrapper.Release(one);
        ModelWrapper.Release(one);
        Assert.Equal(1, Held(Loaded));
        ModelWrapper.Release(other);
        Assert.Equal(0, Held(Loaded));
    }

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task Wrapper_should_hold_nothing_behind_its_unload(WrapMode mode)
    {
        var wrapper = await WrapAsync(mode);
        var loaded = wrapper.Load();

        wrapper.Unload();

        Assert.Empty(Held());
        Host.Store.Remove(Name);
        ModelWrapper.Release(loaded);
    }

    [Fact]
    public async Task Wrapper_should_hold_nothing_for_an_object_that_was_dropped()
    {
        var wrapper = await WrapAsync();
        Drop(wrapper);

        Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Held(Loaded) == 0;
        });

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(ModelWrapper<Encoder> wrapper) => wrapper.Load();
    }

    [Theory]
    [InlineData(WrapMode.Actor, "loaded")]
    [InlineData(WrapMode.Task, "tasks of")]
    public async Task Wrapper_should_hold_nothing_for_an_actor_that_crashed(WrapMode mode, string what)
    {
        var wrapper = await WrapAsync(mode);
        var user = Host.ActorSystem.ActorOf(Props.Create(() => new User(wrapper)), $"user-{mode}");
        Until(() => Held($"{what} {typeof(Encoder)} for /user/user-{mode}") == 1);

        user.Tell(Kill.Instance);

        Until(() => Held($"{what} {typeof(Encoder)} for /user/user-{mode}") == 0);
    }

    [Fact]
    public async Task Wrapper_should_hold_one_lease_for_tasks_however_many_run_and_fail()
    {
        var wrapper = await WrapAsync(WrapMode.Task);
        var tasks = wrapper.Load();
        Assert.Equal(1, Held(Tasks));

        (await tasks.CallAsync(Input)).Dispose();
        using (var bad = ones(1, 5))
        {
            await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(bad));
        }

        Assert.Equal([("model encoder@1", 1), (Tasks, 1)], Held());
        ModelWrapper.Release(tasks);
        Assert.Equal(0, Held(Tasks));
    }

    [Fact]
    public async Task Host_should_hold_nothing_when_it_has_ended()
    {
        var host = Open();
        using var model = new Encoder();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: host, name: Name);
        var loaded = wrapper.Load();
        var tasks = await ModelWrapper.ForTasksAsync(model, host: host);
        var pool = await host.StartPoolAsync("ended", wrapper, (Encoder encoder, Tensor input) => encoder.call(input));
        await pool.WhenReadyAsync();
        Assert.NotEmpty(host.Store.ListLeases());

        await host.DisposeAsync();

        Assert.Empty(host.Store.ListLeases());
        ModelWrapper.Release(loaded);
        ModelWrapper.Release(tasks);
    }

    [Fact]
    public async Task Actor_should_get_a_handle_by_message_and_hold_the_model_until_it_stops()
    {
        var wrapper = await WrapAsync();
        var user = Host.ActorSystem.ActorOf(Props.Create(() => new Idle()));
        var holder = user.Path.ToStringWithAddress();

        var leased = Assert.IsType<StoreReply.Leased>(
            await Host.Actors.ObjectStore.Ask<StoreReply>(new StoreRequest.AcquireNamed(Name, user), Patience));

        ModuleDisposal.Release(Host.Runtime.Open<Encoder>(leased.Model).Materialise());
        wrapper.Unload();
        Assert.Equal([(holder, 1)], Held());
        user.Tell(PoisonPill.Instance);
        Until(() => Held().Count == 0);
        Host.Store.Remove(Name);
    }

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));

    private async Task<ModelWrapper<Encoder>> WrapAsync(WrapMode mode = WrapMode.Actor)
    {
        using var model = new Encoder();
        return await ModelWrapper.FromModelAsync(model, mode, host: Host, name: Name);
    }

    private List<(string Holder, int Leases)> Held() => [.. Host.Store.ListLeases().Select(lease => (lease.Holder, lease.Leases))];

    private int Held(string holder) => Held().Where(lease => lease.Holder == holder).Sum(lease => lease.Leases);

    /// <summary>Loads a wrapper for itself and never releases it.</summary>
    private sealed class User : UntypedActor
    {
        private readonly Encoder _loaded;

        public User(ModelWrapper<Encoder> wrapper) => _loaded = wrapper.Load(new LoadOptions<Encoder> { Holder = Self });

        protected override void OnReceive(object message) => Sender.Tell(_loaded);
    }

    private sealed class Idle : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Pair(Encoder first, Encoder second)
    {
        public Encoder First { get; } = first;

        public Encoder Second { get; } = second;
    }
}
