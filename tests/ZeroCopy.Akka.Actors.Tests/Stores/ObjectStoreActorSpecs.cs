using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Stores;

public sealed class ObjectStoreActorSpecs : ZeroCopySpec
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentBag<ObjectStore> _stores = [];
    private readonly ActorLeases _leases = new();

    [Fact]
    public async Task ObjectStoreActor_should_put_list_name_and_remove()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        Assert.Equal(ModelName.Parse("bert@1"), model.Name);
        Assert.Equal(model.Id, (await AskAsync<StoreReply.Found>(actor, new StoreRequest.Resolve(ModelName.Parse("bert")))).Model.Id);
        Assert.Equal(
            ModelName.Parse("other@1"),
            (await AskAsync<StoreReply.Named>(actor, new StoreRequest.SetName(ModelName.Parse("other"), model.Id))).Name);
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.Pin(model.Id, true));
        var listed = Assert.Single((await AskAsync<StoreReply.Listed>(actor, StoreRequest.List.Instance)).Models);
        Assert.True(listed.Pinned);
        Assert.Equal(2, listed.Names.Length);
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveName(ModelName.Parse("other")));
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveModel(model.Id));
        Assert.Equal(0, (await AskAsync<StoreReply.Counted>(actor, StoreRequest.Stat.Instance)).Statistics.Models);
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_name_a_missing_model()
    {
        var actor = Start();
        var failed = await AskAsync<StoreReply.Failed>(actor, new StoreRequest.Resolve(ModelName.Parse("nobody")));
        Assert.Equal(StoreFailure.NotFound, failed.Failure);
        Assert.Contains("nobody", failed.Message, StringComparison.Ordinal);
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_refuse_to_remove_a_leased_model_until_it_is_released()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        var lease = await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, TestActor));
        Assert.Equal(StoreFailure.InUse, (await AskAsync<StoreReply.Failed>(actor, new StoreRequest.RemoveModel(model.Id))).Failure);
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.Release(lease.LeaseId));
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveModel(model.Id));
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_hand_out_a_handle_with_a_lease_by_name()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");

        var leased = await AskAsync<StoreReply.Leased>(actor, new StoreRequest.AcquireNamed(ModelName.Parse("bert"), TestActor));

        Assert.Equal((model.Id, ModelName.Parse("bert@1")), (leased.Model.Id, leased.Model.Name));
        Assert.Equal(MemoryMarshal.AsBytes<float>([1, 2, 3, 4]), leased.Lease!.Bytes(Assert.Single(leased.Lease.Manifest.Blocks)));
        Assert.Equal(
            StoreFailure.NotFound,
            (await AskAsync<StoreReply.Failed>(actor, new StoreRequest.AcquireNamed(ModelName.Parse("nobody"), TestActor))).Failure);
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_tell_who_holds_what()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        var other = Sys.ActorOf(Props.Create(() => new Holder()), "worker");
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, other));
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, other));
        using var behind = Assert.Single(_stores).Acquire(model.Id, "behind its back");

        var listed = Assert.Single((await AskAsync<StoreReply.Listed>(actor, StoreRequest.List.Instance)).Models);
        var counted = (await AskAsync<StoreReply.Counted>(actor, StoreRequest.Stat.Instance)).Statistics;

        LeaseInfo[] expected =
        [
            new(model.Id, other.Path.ToStringWithAddress(), Environment.ProcessId, 2) { Name = model.Name },
            new(model.Id, "behind its back", Environment.ProcessId, 1) { Name = model.Name },
        ];
        Assert.Equal(expected, listed.Holders);
        Assert.Equal(expected, counted.Holders);
        Assert.Equal((3, 3), (listed.Leases, counted.Leases));
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_release_the_leases_of_a_holder_that_stops()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        var holder = CreateTestProbe().Ref;
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, holder));
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, holder));
        Assert.Equal(2, await LeasesAsync(actor));
        Sys.Stop(holder);
        await AwaitConditionAsync(async () => await LeasesAsync(actor) == 0, Patience, TimeSpan.FromMilliseconds(5));
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveModel(model.Id));
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_release_the_leases_of_a_holder_that_crashes()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        var holder = Sys.ActorOf(Props.Create(() => new Holder()));
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, holder));
        holder.Tell(Kill.Instance);
        await AwaitConditionAsync(async () => await LeasesAsync(actor) == 0, Patience, TimeSpan.FromMilliseconds(5));
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveModel(model.Id));
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_watch_those_who_held_before_it_started()
    {
        var ended = new TaskCompletionSource();
        var holder = CreateTestProbe().Ref;
        _leases.Hold(holder, new Ending(ended));
        var actor = Start();
        Sys.Stop(holder);
        await ended.Task.WaitAsync(Patience);
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_release_at_once_what_it_leases_to_an_actor_that_is_gone()
    {
        var actor = Start();
        var model = await PutAsync(actor, "bert");
        var holder = CreateTestProbe().Ref;
        Watch(holder);
        Sys.Stop(holder);
        await ExpectTerminatedAsync(holder, Patience);
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, holder));
        await AwaitConditionAsync(async () => await LeasesAsync(actor) == 0, Patience, TimeSpan.FromMilliseconds(5));
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_keep_leases_when_it_restarts_and_end_them_with_their_holders()
    {
        var store = Open();
        var crashes = 0;
        Func<ObjectStore> open = () => store;
        Action crashed = () => Interlocked.Increment(ref crashes);
        var parent = Sys.ActorOf(Props.Create(() => new Parent(ObjectStoreActor.Props(open, _leases), crashed)));
        var actor = await parent.Ask<IActorRef>("child", Patience);
        var model = await PutAsync(actor, "bert");
        var holder = CreateTestProbe().Ref;
        await AskAsync<StoreReply.Leased>(actor, new StoreRequest.Acquire(model.Id, holder));
        actor.Tell(Kill.Instance);
        await EventuallyAsync(() => Volatile.Read(ref crashes) == 1);
        Assert.Equal(1, await LeasesAsync(actor));
        Sys.Stop(holder);
        await AwaitConditionAsync(async () => await LeasesAsync(actor) == 0, Patience, TimeSpan.FromMilliseconds(5));
        await AskAsync<StoreReply.Done>(actor, new StoreRequest.RemoveModel(model.Id));
        Assert.Equal(1, crashes);
        await EndAsync(actor);
    }

    [Fact]
    public async Task ObjectStoreActor_should_open_again_when_the_first_time_failed()
    {
        var tries = 0;
        var actor = Start(
            () => Interlocked.Increment(ref tries) == 1 ? throw new StoreUnavailableException("the folder belongs to root") : Open());
        Assert.Equal(StoreFailure.Unavailable, (await AskAsync<StoreReply.Failed>(actor, StoreRequest.Stat.Instance)).Failure);
        await AskAsync<StoreReply.Counted>(actor, StoreRequest.Stat.Instance);
        Assert.Equal(2, tries);
        await EndAsync(actor);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _leases.Dispose();
        Assert.All(_stores, store => store.Dispose());
        _directory.Dispose();
    }

    private static async Task<T> AskAsync<T>(IActorRef actor, StoreRequest request)
        where T : StoreReply => Assert.IsType<T>(await actor.Ask<StoreReply>(request, Patience));

    private static async Task<int> LeasesAsync(IActorRef actor) =>
        Assert.Single((await AskAsync<StoreReply.Listed>(actor, StoreRequest.List.Instance)).Models).Leases;

    private static async Task<ModelHandle> PutAsync(IActorRef actor, string name)
    {
        var layout = new TensorLayout(DType.Float32, 4);
        var content = new ModelContent
        {
            Tensors = [new ArraySource("weight", layout, MemoryMarshal.AsBytes<float>([1, 2, 3, 4]).ToArray())],
            Recipe = new Recipe.Weights("spec", ""),
        };
        var put = new StoreRequest.Put(content, new PutOptions { Name = ModelName.Parse(name) });
        return (await AskAsync<StoreReply.Found>(actor, put)).Model;
    }

    private ObjectStore Open()
    {
        var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _stores.Add(store);
        return store;
    }

    private IActorRef Start(Func<ObjectStore>? open = null) => Sys.ActorOf(ObjectStoreActor.Props(open ?? Open, _leases));

    private static async Task EndAsync(IActorRef actor) => Assert.True(await actor.GracefulStop(Patience));

    private sealed class Ending(TaskCompletionSource ended) : IDisposable
    {
        public void Dispose() => ended.SetResult();
    }

    private sealed class Holder : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    /// <summary>Restarts its child whatever the reason, and tells who it is.</summary>
    private sealed class Parent : UntypedActor
    {
        private readonly IActorRef _child;

        private readonly Action _crashed;

        public Parent(Props child, Action crashed)
        {
            _child = Context.ActorOf(child);
            _crashed = crashed;
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ =>
        {
            _crashed();
            return Directive.Restart;
        });

        protected override void OnReceive(object message) => Sender.Tell(_child);
    }

    private sealed class ArraySource(string name, TensorLayout layout, byte[] bytes) : TensorSource(name, TensorRole.Parameter, layout)
    {
        public override void Read(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }
}
