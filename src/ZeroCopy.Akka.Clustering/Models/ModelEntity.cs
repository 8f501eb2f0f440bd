using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Event;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Models;

/// <summary>
/// One name in the cluster: who has it, which version is current, where calls go. What it knows is soft: it asks every node when it starts,
/// and nodes tell it of changes. Calls do not pass through it.
/// </summary>
internal sealed class ModelEntity : UntypedActor, IWithTimers
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(2);
    private const int TimesToAsk = 5;
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(30);

    // A node that carries an order out says so when it gets it again; one that says nothing twice has lost it.
    private static readonly TimeSpan OrderAgain = TimeSpan.FromMinutes(1);
    private const int MostSilences = 2;

    // The newest versions; a failure is one line, and one message.
    private const int MostNamed = 20;

    private readonly string _name;
    private readonly NodeTable _nodes;
    private readonly Placement _placement;
    private readonly ModelView _view;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly MessagePages _pages = new(Context.System);
    private readonly Dictionary<IActorRef, Address> _reporters = [];
    private readonly Dictionary<IActorRef, ModelReport> _coming = [];
    private readonly HashSet<IActorRef> _followers = [];
    private readonly HashSet<Address> _asked = [];
    private readonly HashSet<int> _replaced = [];
    private readonly List<(IActorRef Sender, EntityRequest Request)> _waiting = [];
    private readonly OrderBook _orders = new(TimeProvider.System);
    private readonly RolloutDecisions _decisions;
    private readonly Copies _copies;
    private ModelRoute? _told;
    private int _askedTimes;
    private bool _isAsking;

    /// <param name="name">What it is called by.</param>
    /// <param name="nodes">What the nodes said of themselves.</param>
    /// <param name="copies">Stores that should hold a version that is used.</param>
    public ModelEntity(string name, NodeTable nodes, int copies)
    {
        _name = name;
        _nodes = nodes;
        _view = new ModelView(name);
        _decisions = new RolloutDecisions(_view, TimeProvider.System);
        _placement = new Placement(nodes, Random.Shared);
        _copies = new Copies(_view, nodes, _orders, _placement, copies);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string name, NodeTable nodes, int copies) =>
        Akka.Actor.Props.Create(() => new ModelEntity(name, nodes, copies));

    protected override void PreStart()
    {
        var state = _cluster.State;
        _asked.UnionWith(state.Members
            .Where(member => member.HasRole(Actors.Settings.ClusterSettings.InferenceRole)
                && member.Status is MemberStatus.Up or MemberStatus.Leaving)
            .Except(state.Unreachable).Select(member => member.Address));
        _isAsking = _asked.Count > 0;
        AskNodes();
        // Thousands of names may have been started at once, and are not to be looked after at once.
        Timers.StartPeriodicTimer(Tick.Look, Tick.Look, LookPause * (0.5 + Random.Shared.NextDouble() / 2), LookPause);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ModelReport part:
                OnReport(part);
                break;
            case Terminated gone:
                OnTerminated(gone);
                break;
            case NodeReply.Opened opened:
                OnOpened(opened.Id, null);
                break;
            case NodeReply.Failed failed:
                OnOpened(failed.Id, failed);
                break;
            case Tick.Asked:
                EndAsking();
                break;
            case Tick.Look:
                CloseReplaced();
                Copy();
                EndIfUnused();
                break;
            case EntityRequest.Unfollow:
                _followers.Remove(Sender);
                Context.Unwatch(Sender);
                EndIfUnused();
                break;
            case EntityRequest request when _isAsking:
                // Answered when it is known who has the name.
                _waiting.Add((Sender, request));
                break;
            case EntityRequest request:
                OnRequest(request, Sender);
                break;
            case NodeReply.Opening opening:
                if (_orders.Find(opening.Id) is { } underWay)
                {
                    underWay.Silences = 0;
                }

                break;
            case OrderLate late:
                OnLate(late.Id);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A name that nobody has or asks for any more is no name.</summary>
    private void EndIfUnused()
    {
        if (!_isAsking && _view.IsEmpty && _followers.Count == 0 && _orders.IsEmpty)
        {
            Context.Parent.Tell(new Passivate(PoisonPill.Instance));
        }
    }

    private void OnRequest(EntityRequest request, IActorRef sender)
    {
        switch (request)
        {
            case EntityRequest.Follow:
                // One that only asks has what it wants with the answer, and its end is not told of.
                if (!sender.IsAsk() && _followers.Add(sender))
                {
                    Context.Watch(sender);
                }

                _pages.Tell(sender, _view.ToRoute(), Self);
                break;
            case EntityRequest.Place place:
                if (!_orders.Awaits(sender, place.Id))
                {
                    Place(place, sender);
                }

                break;
            case EntityRequest.RollOut or EntityRequest.RollBack when _decisions.Awaits(sender, ((IRequestMessage)request).Id):
                break;
            case EntityRequest.RollOut or EntityRequest.RollBack
                when _decisions.AnswerTo(sender, ((IRequestMessage)request).Id) is { } answer:
                sender.Tell(answer, Self);
                break;
            case EntityRequest.RollOut rollOut:
                RollOut(rollOut, sender);
                break;
            case EntityRequest.RollBack rollBack:
                RollBack(rollBack, sender);
                break;
            default:
                Unhandled(request);
                break;
        }
    }

    private void OnReport(ModelReport part)
    {
        if (_reporters.TryAdd(Sender, part.Node))
        {
            Context.Watch(Sender);
        }

        _coming.Remove(Sender, out var before);
        if (IPaged.Join(before, part) is not { } report)
        {
            return;
        }

        if (report.HasMore)
        {
            _coming.Add(Sender, report);
            return;
        }

        _view.Set(report);
        if (!_isAsking)
        {
            Spread(report);
            if (!_decisions.IsUnderWay && _view.Rollout is { } known && !report.Versions.IsEmpty
                && (report.Rollout?.Epoch ?? 0) < known.Epoch)
            {
                // It has got the name since it was decided.
                Sender.Tell(new NodeOrder.Keep(_name, known), Self);
            }
        }

        foreach (var held in report.Versions.Where(held => held is { Version: not null, ReadyActors: > 0 }))
        {
            _orders.Forgive(report.Node, held.Version!.Value);
        }

        _asked.Remove(report.Node);
        if (_isAsking && _asked.Count == 0)
        {
            EndAsking();
        }
        else
        {
            Changed();
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        var gone = terminated.ActorRef;
        _followers.Remove(gone);
        if (terminated.AddressTerminated)
        {
            // Of the others there it hears in a moment. What is sent there meanwhile makes remoting connect to whoever comes to that
            // address next, a second time beside its own connection (Akka.NET 1.5.74), and each closes the other then.
            _followers.RemoveWhere(follower => follower.Path.Address == gone.Path.Address);
        }

        _coming.Remove(gone);
        if (!_reporters.Remove(gone, out var node))
        {
            return;
        }

        // A node that restarted at the same address may have reported already.
        if (!_reporters.ContainsValue(node))
        {
            _view.Remove(node);
        }

        foreach (var order in _orders.At(node))
        {
            OnOpened(order.Id, new NodeReply.Failed(InferenceFailure.Unreachable, "stopped or was lost", order.Id));
        }

        Changed();
    }

    private void AskNodes()
    {
        foreach (var node in _asked)
        {
            NodePath.At(Context.System, node).Tell(new NodeOrder.Report(_name), Self);
        }

        Timers.StartSingleTimer(Tick.Asked, Tick.Asked, AskTimeout);
    }

    private void EndAsking()
    {
        if (!_isAsking)
        {
            return;
        }

        // A node that is slow is asked again, while the others have no reason to believe that it is gone.
        _asked.ExceptWith(_cluster.State.Unreachable.Select(member => member.Address));
        _asked.IntersectWith(_cluster.State.Members.Select(member => member.Address));
        if (_asked.Count > 0 && ++_askedTimes < TimesToAsk)
        {
            AskNodes();
            return;
        }

        _isAsking = false;
        _asked.Clear();
        _view.Update();
        foreach (var (sender, request) in _waiting)
        {
            OnRequest(request, sender);
        }

        _waiting.Clear();
        Changed();
    }

    /// <summary>Something may be different: followers are told of a new route, and what is to become current is loaded.</summary>
    private void Changed()
    {
        if (_isAsking)
        {
            return;
        }

        _view.Update();
        _orders.Keep(_view.All().Select(at => at.Held.Version).OfType<int>());
        var route = _view.ToRoute();
        if (!route.Equals(_told))
        {
            if (_told is { Current: { } before } && route.Current is { } now && before != now)
            {
                _log.Info("{0} is served by version {1} from now on, no longer by {2}", _name, now, before);
                Close(before);
                _replaced.Add(before);
            }

            _told = route;
            foreach (var page in _followers.Count == 0 ? [] : _pages.Of(route))
            {
                foreach (var follower in _followers)
                {
                    follower.Tell(page, Self);
                }
            }
        }

        if (_view.Coming is { } coming && _view.Current is { } current)
        {
            WarmUp(coming, current);
        }
        else
        {
            CompleteDecision();
        }
    }

    /// <summary>
    /// Once more, when everybody has the new route: a call by the one before may have loaded a version again that was replaced.
    /// </summary>
    private void CloseReplaced()
    {
        foreach (var version in _replaced.Where(version => version != _told?.Current && version != _told?.Next))
        {
            Close(version);
        }

        _replaced.Clear();
    }

    /// <summary>Has a version's pools end when no call goes to them.</summary>
    private void Close(int version)
    {
        foreach (var (node, _) in _view.At(version).Where(at => at.Held.Model is not null))
        {
            NodePath.At(Context.System, node).Tell(new NodeOrder.Close(new ModelName(_name, version)), Self);
        }
    }

    /// <summary>Has a version loaded wherever another one is.</summary>
    private void WarmUp(int version, int like)
    {
        var warm = _view.WarmAt(version).ToHashSet();
        foreach (var node in _view.WarmAt(like).Where(node => !warm.Contains(node)).ToArray())
        {
            if (!_orders.HasFailed(node, version) && _orders.Find(node, version) is null)
            {
                Open(node, version, null);
            }
        }
    }

    /// <summary>Brings versions to one more node each that have more calls than their actors on a node run.</summary>
    private void Spread(ModelReport report)
    {
        foreach (var (held, node) in _copies.Spread(report, Unreachable()))
        {
            _log.Info("{0}@{1} has {2} calls on {3}: it is brought to {4} too", _name, held.Version, held.Pending, report.Node, node);
            Open(node, held.Version!.Value, null);
        }
    }

    /// <summary>Has versions that are used held by as many stores as it should be.</summary>
    private void Copy()
    {
        foreach (var (version, stores, node) in _copies.Copy(Unreachable()))
        {
            _log.Info("{0}@{1} is used, and held by {2} stores alone: {3} gets it too", _name, version, stores, node);
            Open(node, version, null, warm: false);
        }
    }

    private HashSet<Address> Unreachable() => [.. _nodes.Unreachable];

    private void Place(EntityRequest.Place place, IActorRef sender)
    {
        if (place.Version is null)
        {
            place = place with { Version = _view.Current };
        }

        if (!_view.At(place.Version).Any())
        {
            sender.Tell(
                new EntityReply.Failed(
                    InferenceFailure.ModelNotFound,
                    $"No node of the cluster holds {Title(place.Version)}{Others()}.",
                    place.Id),
                Self);
            return;
        }

        var unreachable = Unreachable();
        // It has just been heard of, while this node may have stood still and not know yet who is there.
        unreachable.Remove(sender.Path.Address);
        var excluded = place.Tried.Union(unreachable).ToHashSet();
        if (place.Version is { } version)
        {
            excluded.UnionWith(_orders.Failed(version).Select(failed => failed.Node));
        }

        if (_placement.Choose(_view, place.Version, excluded) is not { } choice)
        {
            var failed = place.Version is { } tried
                ? _orders.Failed(tried).Select(failure => $"{failure.Node}: {failure.Reason}")
                : [];
            var lost = _view.At(place.Version).Where(at => unreachable.Contains(at.Node)).Select(at => $"{at.Node}: unreachable").ToArray();
            sender.Tell(
                new EntityReply.Failed(
                    lost.Length == 0 ? InferenceFailure.LoadFailed : InferenceFailure.Unreachable,
                    $"No further node of the cluster can take {Title(place.Version)}: "
                    + string.Join("; ", failed.Concat(lost).DefaultIfEmpty("those that can build it were tried")) + ".",
                    place.Id),
                Self);
        }
        else if (choice.IsThere || place.Version is not { } wanted)
        {
            sender.Tell(new EntityReply.Placed(choice.Node, place.Version, place.Id), Self);
        }
        else if (_orders.Find(choice.Node, wanted) is { } running)
        {
            _orders.Wait(running, sender, place);
        }
        else
        {
            Open(choice.Node, wanted, (sender, place));
        }
    }

    private OpenOrder Open(Address node, int version, (IActorRef Sender, EntityRequest.Place Place)? waiting, bool warm = true)
    {
        var order = _orders.Add(node, version, warm);
        if (waiting is { } first)
        {
            _orders.Wait(order, first.Sender, first.Place);
        }

        Send(order);
        return order;
    }

    private void Send(OpenOrder order)
    {
        // Of one that nobody holds any more its node says what has become of it, or is given up.
        if (_view.ModelOf(order.Version) is { } model)
        {
            var sources = _view.At(order.Version).Select(at => _nodes.Find(at.Node)?.Info.Transfer).OfType<Uri>().Distinct()
                .ToImmutableArray();
            NodePath.At(Context.System, order.Node).Tell(
                new NodeOrder.Open(new ModelName(_name, order.Version), model, sources, order.Warm, order.Id), Self);
        }

        order.Silences++;
        Timers.StartSingleTimer(order.Id, new OrderLate(order.Id), OrderAgain);
    }

    /// <summary>An order was not answered: its node may be at it, or may not have got it.</summary>
    private void OnLate(long id)
    {
        // One that is no member any more says nothing.
        if (_orders.Find(id) is { Silences: < MostSilences } order && _nodes.Find(order.Node) is not null)
        {
            Send(order);
        }
        else
        {
            OnOpened(
                id, new NodeReply.Failed(InferenceFailure.Unreachable, $"is lost, or said nothing within {MostSilences * OrderAgain}", id));
        }
    }

    private void OnOpened(long id, NodeReply.Failed? failure)
    {
        // One that does not have the name any more has said so, or does: no reason to leave it alone when it gets the name again.
        if (_orders.End(id, failure is { Failure: InferenceFailure.ModelNotFound } ? null : failure?.Message) is not { } order)
        {
            return;
        }

        Timers.Cancel(id);
        if (failure is not null)
        {
            _log.Warning("{0} cannot take {1}@{2}: {3}", order.Node, _name, order.Version, failure.Message);
            // Another call, or a second copy, may have asked for it on a node that the roll-out does not wait for.
            if (_decisions.Trial is { } trial ? trial == order.Id
                : _decisions.Version == order.Version && _view.WarmAt(_view.Current).Contains(order.Node))
            {
                GiveDecisionUp($"{order.Node} cannot take {_name}@{order.Version}: {failure.Message}");
                Changed();
            }
        }
        else if (_decisions.Trial == order.Id)
        {
            _decisions.EndTrial();
            Changed();
        }

        foreach (var (sender, place) in order.Waiting)
        {
            if (failure is null)
            {
                sender.Tell(new EntityReply.Placed(order.Node, order.Version, place.Id), Self);
            }
            else
            {
                // Elsewhere, if there is somewhere else.
                Place(place with { Tried = place.Tried.Add(order.Node) }, sender);
            }
        }
    }

    private void RollOut(EntityRequest.RollOut rollOut, IActorRef sender)
    {
        if (rollOut.Percent is < 1 or > 100)
        {
            Refuse(InferenceFailure.InvalidInput, $"{rollOut.Percent} % of the calls is no share of a roll-out, which is 1 to 100.");
            return;
        }

        switch (_decisions.ToVersion(rollOut.Version, rollOut.Percent))
        {
            case null:
                Refuse(InferenceFailure.ModelNotFound, $"No node of the cluster holds {Title(rollOut.Version)}{Others()}.");
                break;
            case { Percent: < 100, Before: null }:
                Refuse(
                    InferenceFailure.InvalidInput,
                    $"All calls of {_name} get {Title(rollOut.Version)}, and there is no version before it for {100 - rollOut.Percent} % "
                    + "of them.");
                break;
            case var rollout:
                Decide(rollout, sender, rollOut.Id);
                break;
        }

        void Refuse(InferenceFailure failure, string reason) => Answer(sender, new EntityReply.Failed(failure, reason, rollOut.Id));
    }

    private void RollBack(EntityRequest.RollBack rollBack, IActorRef sender)
    {
        if (_decisions.Back() is { } rollout)
        {
            Decide(rollout, sender, rollBack.Id);
        }
        else
        {
            Answer(
                sender,
                new EntityReply.Failed(
                    InferenceFailure.ModelNotFound,
                    _view.All().Any() ? $"{_name} has no roll-out whose version before is still held."
                        : $"There is no model {_name} in the cluster.",
                    rollBack.Id));
        }
    }

    /// <summary>
    /// Begins a roll-out, which is answered when the version is as warm as the one before. Where neither is loaded, one node loads it
    /// first: nothing else shows that it can be.
    /// </summary>
    private void Decide(Rollout rollout, IActorRef sender, long id)
    {
        GiveDecisionUp("Another roll-out came after it.");
        var version = rollout.Version!.Value;
        if (_view.WarmAt(version).Concat(_view.WarmAt(_view.Current)).Any())
        {
            _decisions.Begin(rollout, sender, id);
        }
        else if (_placement.Choose(_view, version, Unreachable()) is { } choice)
        {
            _decisions.Begin(rollout, sender, id, (_orders.Find(choice.Node, version) ?? Open(choice.Node, version, null)).Id);
        }
        else
        {
            Answer(
                sender,
                new EntityReply.Failed(
                    InferenceFailure.LoadFailed, $"No node of the cluster that is reached can load {Title(version)}.", id));
            return;
        }

        Changed();
    }

    private void GiveDecisionUp(string reason)
    {
        if (_decisions.GiveUp() is { } decision)
        {
            Answer(decision.Sender, new EntityReply.Failed(InferenceFailure.LoadFailed, reason, decision.Id));
        }
    }

    private void CompleteDecision()
    {
        if (_decisions.Version is { } version && !_view.At(version).Any())
        {
            GiveDecisionUp($"No node of the cluster holds {Title(version)} any more.");
            Changed();
            return;
        }

        if (_decisions.Trial is not null || _decisions.Complete() is not { } decision)
        {
            return;
        }

        // Every node keeps it, so that the entity finds it again wherever it starts next.
        foreach (var node in _nodes.Nodes)
        {
            NodePath.At(Context.System, node.Info.Address).Tell(new NodeOrder.Keep(_name, decision.Rollout), Self);
        }

        Answer(decision.Sender, new EntityReply.Decided(decision.Rollout.Version, decision.Rollout.Percent, decision.Id));
    }

    private void Answer(IActorRef sender, EntityReply answer)
    {
        _decisions.Answered(sender, answer);
        sender.Tell(answer, Self);
    }

    private string Title(int? version) => version is null ? $"'{_name}'" : $"'{_name}@{version}'";

    private string Others()
    {
        var versions = _view.All().Select(at => at.Held.Version).OfType<int>().Distinct().Order().ToArray();
        var others = versions.Length > MostNamed ? "…, " : "";
        return versions.Length == 0 ? "" : $"; it has the versions {others}{string.Join(", ", versions.TakeLast(MostNamed))}";
    }

    internal enum Tick
    {
        Asked,
        Look,
    }

    /// <summary>An order was given a while ago.</summary>
    internal sealed record OrderLate(long Id);
}
