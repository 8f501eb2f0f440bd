using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// A node of the cluster as the others see it, <c>/user/zerocopy/node</c>: tells them what it is and how busy, announces what it has to the
/// entities of the names, carries their orders out, and answers those who ask.
/// </summary>
internal sealed class NodeActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EntityTime = TimeSpan.FromSeconds(2);

    // A node that changes in nothing is heard of all the same.
    private const int BeatsToTell = 5;

    // Far more than many callers ask for at once.
    internal const int MostEarly = 4096;

    // What an entity missed, such as while it moved, it hears again.
    private const int BeatsToAnnounceAll = 30;

    private readonly NodeContext _node;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, Rollout> _rollouts;
    private readonly Dictionary<(IActorRef Sender, Type Kind, string Name, long? Id), EntityRequest> _early = [];
    private readonly HashSet<(IActorRef Sender, long Id)> _opening = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly HashSet<Address> _closed = [];
    private readonly ActorSystem _system = Context.System;
    private readonly MessagePages _pages = new(Context.System);
    private readonly ListingPace _pace = new(TimeProvider.System);
    private ImmutableSortedDictionary<string, ModelReport> _announced = ImmutableSortedDictionary<string, ModelReport>.Empty;
    private NodeReport? _told;
    private Action? _onChanged;
    private int _beats;

    public NodeActor(NodeContext node)
    {
        _node = node;
        _rollouts = node.IsServing ? node.Rollouts.Read() : [];
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private string NoMember => $"{_node.Address} is no member of a cluster now.";

    public static Props Props(NodeContext node) => Akka.Actor.Props.Create(() => new NodeActor(node));

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self,
            ClusterEvent.InitialStateAsEvents,
            typeof(ClusterEvent.MemberUp),
            typeof(ClusterEvent.MemberRemoved),
            typeof(ClusterEvent.UnreachableMember),
            typeof(ClusterEvent.ReachableMember));
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        var self = Self;
        _onChanged = () => self.Tell(Local.Changed, ActorRefs.NoSender);
        _node.Endpoints.Changed += _onChanged;
        Timers.StartPeriodicTimer(Local.Beat, Local.Beat, Beat);
        if (_node.IsServing)
        {
            _node.Table.Set(_node.Report());
            List();
        }
    }

    protected override void PostStop()
    {
        _node.Endpoints.Changed -= _onChanged;
        _cluster.Unsubscribe(Self);
        _stopped.Cancel();
        _stopped.Dispose();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeReport report:
                _node.Table.Set(report);
                _closed.Remove(report.Info.Address);
                break;
            case ClusterEvent.MemberUp up:
                Greet(up.Member);
                break;
            case ClusterEvent.MemberRemoved removed:
                _closed.Remove(removed.Member.Address);
                if (removed.Member.Address != _node.Address)
                {
                    _node.Table.Remove(removed.Member.Address);
                }

                break;
            case ClusterEvent.UnreachableMember unreachable:
                _node.Table.SetUnreachable(unreachable.Member.Address, true);
                _node.Doubt(unreachable.Member.Address);
                break;
            case ClusterEvent.ReachableMember reachable:
                _node.Table.SetUnreachable(reachable.Member.Address, false);
                Greet(reachable.Member);
                break;
            case DisassociatedEvent closed:
                OnClosed(closed.RemoteAddress);
                break;
            case EntityRequest.RollOut or EntityRequest.RollBack when _node.Region is null:
                // Whoever decides it is not to be surprised by it later.
                Sender.Tell(new EntityReply.Failed(InferenceFailure.Unreachable, NoMember, ((IRequestMessage)message).Id), Self);
                break;
            case EntityRequest request when _node.Region is null:
                KeepUntilModelsStarted(request);
                break;
            case EntityRequest.RollOut rollOut when _node.IsServing:
                var (region, sender, self, token) = (_node.Region!, Sender, Self, _stopped.Token);
                _ = Task.Run(() => ForwardAsync(rollOut, region, sender, self, token), CancellationToken.None);
                break;
            case EntityRequest request:
                // Of a process outside, which has no region of its own.
                _node.Region.Forward(request);
                break;
            case ModelsStarted started:
                OnModelsStarted(started.Region);
                break;
            case ModelsEnd:
                _node.Region = Context.System.DeadLetters;
                break;
            case AnnounceNow now when !_node.IsServing:
                now.Told.SetResult();
                break;
            case Local.Changed or Local.List or Leaving when !_node.IsServing:
                // A node that holds nothing says nothing of itself.
                break;
            case Local.Beat:
                OnBeat();
                break;
            case Leaving:
                TellOthers(_node.Report());
                break;
            case Local.Changed:
                ListIn(Settle);
                break;
            case AnnounceNow now:
                _pace.Wait(now.Told);
                ListIn(TimeSpan.Zero);
                break;
            case Local.List:
                List();
                break;
            case Listed listed:
                OnListed(listed);
                break;
            case Status.Failure failure:
                OnNotListed(failure.Cause);
                break;
            case NodeOrder order:
                OnOrder(order);
                break;
            case OpenEnded ended:
                _opening.Remove((ended.Sender, ended.Id));
                break;
            case NodeQuery query:
                OnQuery(query);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A node that does not leave closes no connection. Said once, until it is back: others are tried and fail.</summary>
    private void OnClosed(Address node)
    {
        if (_cluster.State.Members.Any(member => member.Address == node && member.Status == MemberStatus.Up) && _closed.Add(node))
        {
            _log.Warning("The connection to {0} was closed: that node or the network is lost. Its calls go elsewhere", node);
        }
    }

    /// <summary>Who hears nothing asks again, for as long as the node is no member: kept is what was asked last, up to a limit.</summary>
    private void KeepUntilModelsStarted(EntityRequest request)
    {
        if (request is EntityRequest.Unfollow)
        {
            _early.Remove((Sender, typeof(EntityRequest.Follow), request.Name, null));
        }
        else
        {
            var id = (request as IRequestMessage)?.Id;
            var key = (Sender, request.GetType(), request.Name, id);
            if (_early.Count < MostEarly || _early.ContainsKey(key))
            {
                _early[key] = request;
            }
            else if (id is not null)
            {
                Sender.Tell(new EntityReply.Failed(InferenceFailure.Unreachable, NoMember, id.Value), Self);
            }
        }
    }

    private void OnModelsStarted(IActorRef region)
    {
        _node.Region = region;
        Announce(_announced.Values);
        foreach (var (key, request) in _early)
        {
            region.Tell(request, key.Sender);
        }

        _early.Clear();
    }

    /// <summary>The first word to a member.</summary>
    private void Greet(Member member)
    {
        if (_node.IsServing)
        {
            NodePath.At(Context.System, member.Address).Tell(_node.Report(), Self);
        }
    }

    private void OnBeat()
    {
        var isLong = ++_beats % BeatsToAnnounceAll == 0;
        if (isLong)
        {
            ForgetStrangers();
        }

        if (!_node.IsServing)
        {
            return;
        }

        var report = _node.Report();
        if (report != _told || _beats % BeatsToTell == 0)
        {
            TellOthers(report);
        }

        foreach (var model in _announced.Values.Where(model => model.Versions.Any(held => held.ReadyActors > 0)))
        {
            // A name whose actors have more than they run is worth a word to the one that could bring it to other nodes.
            var now = _node.Models.NowOf(model);
            if (now.Versions.Any(held => held.IsOverfull))
            {
                Announce([now]);
            }
        }

        if (_pace.IsStale)
        {
            ListIn(TimeSpan.Zero);
        }

        if (isLong)
        {
            Announce(_announced.Values);
        }
    }

    /// <summary>What leaves reports itself to its end, which may come after the last word that the others had of it.</summary>
    private void ForgetStrangers()
    {
        var members = _cluster.State.Members.Select(member => member.Address).ToHashSet();
        foreach (var node in _node.Table.Nodes.Select(node => node.Info.Address)
            .Where(node => node != _node.Address && !members.Contains(node)))
        {
            _node.Table.Remove(node);
        }
    }

    private void TellOthers(NodeReport report)
    {
        _told = report;
        _node.Table.Set(report);
        var others = _cluster.State.Members.Where(member => member.Status == MemberStatus.Up && member.Address != _node.Address
            && !_node.Table.IsUnreachable(member.Address));
        foreach (var member in others)
        {
            NodePath.At(Context.System, member.Address).Tell(report, Self);
        }
    }

    /// <summary>Lists what the node has in a while, or as soon as the last time is long enough ago.</summary>
    private void ListIn(TimeSpan delay)
    {
        if (_pace.IsListing)
        {
            _pace.AskAgain();
            return;
        }

        var pause = _pace.Pause;
        if (delay <= TimeSpan.Zero && pause <= TimeSpan.Zero)
        {
            List();
        }
        else if (!Timers.IsTimerActive(Local.List))
        {
            Timers.StartSingleTimer(Local.List, Local.List, delay > pause ? delay : pause);
        }
    }

    private void List()
    {
        Timers.Cancel(Local.List);
        _pace.Begin();
        var token = _stopped.Token;
        Task.Run(ListAsync, token).PipeTo(Self);

        async Task<Listed> ListAsync()
        {
            // One that is removed may not be listed any more when it begins, or be served again at the end.
            var hidden = _node.Models.HiddenNames();
            var models = await _node.Models.ListAsync(token).ConfigureAwait(false);
            return new Listed(models, hidden.Union(_node.Models.HiddenNames()));
        }
    }

    private void OnListed(Listed listed)
    {
        var now = listed.Models;
        var changed = now.Values.Where(report => !_announced.TryGetValue(report.Name, out var before) || !IsSame(before, report))
            .Concat(_announced.Keys.Where(name => !now.ContainsKey(name)).Select(Nothing)).ToArray();
        _announced = now;
        foreach (var gone in _rollouts.Keys.Where(name => !now.ContainsKey(name) && !listed.Hidden.Contains(name)).ToArray())
        {
            _rollouts.Remove(gone);
            _node.Rollouts.Forget(gone);
        }

        Announce(changed);
        _pace.End();
        if (_pace.IsStale)
        {
            ListIn(TimeSpan.Zero);
        }
    }

    private void OnNotListed(Exception cause)
    {
        _log.Warning("What this node has cannot be listed, and is again in {0}: {1}", Beat, cause.Message);
        _pace.Fail(cause);
    }

    // Calls come and go too often to be told of.
    private static bool IsSame(ModelReport one, ModelReport other) =>
        one.Versions.Select(held => held with { Pending = 0 }).SequenceEqual(other.Versions.Select(held => held with { Pending = 0 }));

    private void Announce(IEnumerable<ModelReport> reports)
    {
        if (_node.Region is not { } models)
        {
            return;
        }

        foreach (var report in reports)
        {
            _pages.Tell(models, WithRollout(report), Self);
        }
    }

    private ModelReport Nothing(string name) => new(name, _node.Address, [], null);

    private ModelReport WithRollout(ModelReport report) => report with { Rollout = _rollouts.GetValueOrDefault(report.Name) };

    private void OnOrder(NodeOrder order)
    {
        switch (order)
        {
            case NodeOrder.Report report:
                _pages.Tell(Sender, WithRollout(_announced.GetValueOrDefault(report.Name) ?? Nothing(report.Name)), Self);
                break;
            case NodeOrder.Open open when !_opening.Add((Sender, open.Id)):
                Sender.Tell(new NodeReply.Opening(open.Id), Self);
                break;
            case NodeOrder.Open open:
                var (self, models, ended) = (Self, _node.Region, new OpenEnded(Sender, open.Id));
                Answer(open.Id, async token =>
                {
                    var isHeld = _node.Orders.Has(open.Name, open.Model);
                    var received = await _node.Orders.OpenAsync(open, token).ConfigureAwait(false);
                    if (open.Warm || !isHeld)
                    {
                        await KnownAsync(open.Name.Name, self, models, token).ConfigureAwait(false);
                    }

                    return new NodeReply.Opened(received.Model, received.MovedBytes, open.Id);
                }).PipeTo(Self, success: () => ended, failure: _ => ended);
                break;
            case NodeOrder.Close close:
                _ = _node.Orders.CloseAsync(close.Name);
                break;
            case NodeOrder.Keep keep:
                // Of what the node has alone: where it gets the name later, it is told again.
                if (_announced.ContainsKey(keep.Name) && keep.Rollout.Epoch > (_rollouts.GetValueOrDefault(keep.Name)?.Epoch ?? 0))
                {
                    _rollouts[keep.Name] = keep.Rollout;
                    _node.Rollouts.Keep(keep.Name, keep.Rollout);
                }

                break;
            default:
                Unhandled(order);
                break;
        }
    }

    private void OnQuery(NodeQuery query)
    {
        var (self, models) = (Self, _node.Region);
        switch (query)
        {
            case NodeQuery.Holdings { AsContact: true } when models is null or DeadLetterActorRef:
                Sender.Tell(new NodeReply.Failed(InferenceFailure.Unreachable, NoMember, query.Id), Self);
                break;
            case NodeQuery.Holdings { AsContact: true }:
                Sender.Tell(new NodeReply.Holdings(_node.Report(), [], query.Id), Self);
                break;
            case NodeQuery.Holdings:
                _pages.Tell(
                    Sender, new NodeReply.Holdings(_node.Report(), [.. _announced.Values.Select(WithRollout)], query.Id), Self);
                break;
            case NodeQuery.ClusterStatus:
                Answer(query.Id, token => _node.Survey.StatusAsync(query.Id, token));
                break;
            case NodeQuery.StoreStatus:
                Answer(query.Id, _ => Task.FromResult<NodeReply>(new NodeReply.StoreStatus(_node.Store.GetStatistics(), query.Id)));
                break;
            case NodeQuery.Locate locate:
                Answer(query.Id, token => _node.Survey.LocateAsync(locate, token));
                break;
            case NodeQuery.Receive receive when !_node.IsServing:
                var known = string.Join(", ", _node.Table.Nodes.Select(node => node.Info.Address).Order());
                Sender.Tell(
                    new NodeReply.Failed(
                        InferenceFailure.InvalidInput,
                        $"{_node.Address} holds no models for others: its role is not {Actors.Settings.ClusterSettings.InferenceRole}. "
                        + $"Push {receive.Name} to a node that does: {(known.Length > 0 ? known : "none is known")}.",
                        receive.Id),
                    Self);
                break;
            case NodeQuery.Receive receive:
                var pushed = new PushedModels(_node.Survey, _node.Orders, (name, token) => KnownAsync(name, self, _node.Region, token));
                Answer(query.Id, async token => await pushed.ReceiveAsync(receive, token).ConfigureAwait(false));
                break;
            case NodeQuery.Remove remove:
                Answer(query.Id, token => remove.Everywhere
                    ? _node.Survey.RemoveAsync(remove, token)
                    : RemoveHereAsync(remove, self, models, token));
                break;
            default:
                Unhandled(query);
                break;
        }
    }

    /// <summary>Takes a name from the node's store, of which nobody is told to call or receive it from here any more.</summary>
    private async Task<NodeReply> RemoveHereAsync(
        NodeQuery.Remove remove, IActorRef self, IActorRef? models, CancellationToken cancellationToken)
    {
        var removed = await _node.Orders.RemoveAsync(
            remove.Name, token => KnownAsync(remove.Name.Name, self, models, token), cancellationToken).ConfigureAwait(false);
        return new NodeReply.Removed(removed, remove.Id);
    }

    /// <summary>
    /// Waits until the cluster knows what the node has of a name, so that whoever is answered next can call it; returns how that is done,
    /// null where it was not answered.
    /// </summary>
    private async Task<ModelRoute?> KnownAsync(string name, IActorRef self, IActorRef? models, CancellationToken cancellationToken)
    {
        await AnnouncedAsync(self, cancellationToken).ConfigureAwait(false);
        try
        {
            // Behind the report, on the same way.
            return models is null ? null
                : await NodeAnswer.AskAsync(_system, models, new EntityRequest.Follow(name), EntityTime, cancellationToken)
                    .ConfigureAwait(false) as ModelRoute;
        }
        catch (TimeoutException)
        {
            _log.Warning("The entity of {0} has not answered within {1}: calls of it may not be known of everywhere yet", name, EntityTime);
        }

        return null;
    }

    /// <summary>Passes a roll-out on, behind word of a version that came into the store a moment ago.</summary>
    private async Task ForwardAsync(
        EntityRequest.RollOut rollOut, IActorRef region, IActorRef sender, IActorRef self, CancellationToken cancellationToken)
    {
        try
        {
            await AnnouncedAsync(self, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _log.Warning("What this node has could not be announced before a roll-out of {0}: {1}", rollOut.Name, e.Message);
        }

        region.Tell(rollOut, sender);
    }

    /// <summary>Waits until the entities were sent what the node has.</summary>
    private static Task AnnouncedAsync(IActorRef self, CancellationToken cancellationToken)
    {
        var now = new AnnounceNow();
        self.Tell(now, self);
        return now.Told.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Answers the sender when the work has ended, which others go on beside.</summary>
    private Task Answer(long id, Func<CancellationToken, Task<NodeReply>> work)
    {
        var (sender, self, token) = (Sender, Self, _stopped.Token);
        return Task.Run(AnswerAsync, CancellationToken.None);

        async Task AnswerAsync()
        {
            NodeReply reply;
            try
            {
                reply = await work(token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                reply = Failed(e, id);
            }

            _pages.Tell(sender, reply, self);
        }
    }

    private static NodeReply.Failed Failed(Exception reason, long id) => new(
        reason switch
        {
            InferenceException typed => typed.Failure,
            ModelNotFoundException => InferenceFailure.ModelNotFound,
            OperationCanceledException => InferenceFailure.ShuttingDown,
            _ => InferenceFailure.LoadFailed,
        },
        reason.Message,
        id);

    private enum Local
    {
        Beat,
        Changed,
        List,
    }

    /// <summary>The node is about to end, and the others hear of it at once.</summary>
    internal sealed class Leaving
    {
        public static Leaving Instance { get; } = new();
    }

    /// <summary>The entities of the names end with this node, the last one of its cluster: nothing is sent to them any more.</summary>
    internal sealed class ModelsEnd
    {
        public static ModelsEnd Instance { get; } = new();
    }

    /// <summary>Where the entities of the names are reached from now on.</summary>
    internal sealed record ModelsStarted(IActorRef Region);

    /// <summary>An order was answered.</summary>
    private sealed record OpenEnded(IActorRef Sender, long Id);

    private sealed record Listed(ImmutableSortedDictionary<string, ModelReport> Models, ImmutableHashSet<string> Hidden);

    /// <summary>Somebody waits until the entities were told of what the node has now.</summary>
    internal sealed class AnnounceNow
    {
        public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
