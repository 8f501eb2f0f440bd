using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Routes;

/// <summary>Follows names at their entities: asks again until one answers, and when the one that did has moved or was lost.</summary>
internal sealed class RouteTableActor(RouteTable table) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // An entity may be lost between two messages; one that is at work answers twice, and is heard once.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgottenEmpty = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, RouteEntry> _followed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IActorRef> _entities = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Ask> _asks = [];
    private IActorRef? _models;
    private string? _silence;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RouteTable table) => Akka.Actor.Props.Create(() => new RouteTableActor(table));

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Pause);

    protected override void PostStop() => table.Close();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ModelsAt at:
                (_models, _silence) = (at.Models, null);
                foreach (var name in _followed.Keys)
                {
                    Follow(name);
                }

                Send(_asks.Values);
                break;
            case NoModels none:
                OnNoModels(none.Reason);
                break;
            case Wanted wanted when _silence is not null:
                table.Fail(wanted.Entry, _silence);
                break;
            case Wanted wanted:
                _followed[wanted.Entry.Name] = wanted.Entry;
                Follow(wanted.Entry.Name);
                break;
            case ModelRoute route:
                OnRoute(route);
                break;
            case Ask ask when _silence is not null:
                ask.Answer.TrySetException(RouteTable.Unreached(_silence));
                break;
            case Ask ask:
                _asks.Add(ask.Request.Id, ask);
                Send([ask]);
                break;
            case EntityReply reply:
                if (_asks.Remove(reply.Id, out var asked))
                {
                    asked.Answer.TrySetResult(reply);
                }

                break;
            case GivenUp givenUp:
                _asks.Remove(givenUp.Id);
                break;
            case Terminated gone:
                OnLost(gone.ActorRef);
                break;
            case Tick:
                OnTick();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnNoModels(string reason)
    {
        (_models, _silence) = (null, reason);
        foreach (var entry in _followed.Values.Where(entry => entry.Route is null).ToArray())
        {
            _followed.Remove(entry.Name);
            table.Fail(entry, reason);
        }

        foreach (var ask in _asks.Values)
        {
            ask.Answer.TrySetException(RouteTable.Unreached(reason));
        }

        _asks.Clear();
    }

    private void OnRoute(ModelRoute route)
    {
        if (!_followed.TryGetValue(route.Name, out var entry))
        {
            return;
        }

        if (_entities.TryGetValue(route.Name, out var before) && !before.Equals(Sender))
        {
            Context.Unwatch(before);
        }

        _entities[route.Name] = Sender;
        Context.Watch(Sender);
        table.OnRoute(entry, route);
    }

    /// <summary>Calls go on by the routes that are known, until the next entity tells of others.</summary>
    private void OnLost(IActorRef entity)
    {
        foreach (var name in _entities.Where(known => known.Value.Equals(entity)).Select(known => known.Key).ToArray())
        {
            _entities.Remove(name);
            Follow(name);
            // Whoever waits for its answer asks the next one.
            Send(_asks.Values.Where(ask => ask.Request.Name == name));
        }
    }

    private void OnTick()
    {
        Send(_asks.Values.Where(ask => Environment.TickCount64 - ask.SentAt >= AskAgain.TotalMilliseconds));
        foreach (var (name, entry) in _followed.ToArray())
        {
            if (entry.Idle > (entry.Route is { Replicas.IsEmpty: true } ? ForgottenEmpty : Forgotten))
            {
                table.Forget(entry);
                _followed.Remove(name);
                _models?.Tell(new EntityRequest.Unfollow(name), Self);
                if (_entities.Remove(name, out var entity))
                {
                    Context.Unwatch(entity);
                }
            }
            else if (!_entities.ContainsKey(name))
            {
                Follow(name);
            }
        }
    }

    private void Send(IEnumerable<Ask> asks)
    {
        foreach (var ask in asks)
        {
            ask.SentAt = Environment.TickCount64;
            _models?.Tell(ask.Request, Self);
        }
    }

    private void Follow(string name) => _models?.Tell(new EntityRequest.Follow(name), Self);

    internal sealed record ModelsAt(IActorRef Models);

    internal sealed record NoModels(string Reason);

    internal sealed record Wanted(RouteEntry Entry);

    internal sealed record GivenUp(long Id);

    internal sealed record Ask(EntityRequest.Place Request)
    {
        /// <summary>When the entity was asked last, in milliseconds since the machine started.</summary>
        public long SentAt { get; set; }

        public TaskCompletionSource<EntityReply> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Tick
    {
        public static Tick Instance { get; } = new();
    }
}
