using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Routes;

/// <summary>
/// Follows names at their entities: asks again until one answers, when the one that did has moved or was lost, and now and then all the
/// same, as word of a change may be lost with a connection.
/// </summary>
internal sealed class RouteTableActor(RouteTable table, TimeProvider clock) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // An entity may be lost between two messages; one that is at work answers twice, and is heard once.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FollowAgain = TimeSpan.FromSeconds(30);

    // Another node takes over from one that is lost in less.
    private static readonly TimeSpan MostSilence = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgottenEmpty = TimeSpan.FromSeconds(30);

    // Whoever calls names that do not exist may do so without end.
    internal const int MostEmpty = 500;

    private readonly Dictionary<string, Followed> _followed = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Followed> _entities = [];
    private readonly Dictionary<long, Ask> _asks = [];
    private IActorRef? _models;
    private string? _silence;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RouteTable table, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new RouteTableActor(table, clock));

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Pause);

    /// <summary>The table stays open: the next one takes over what it has.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        foreach (var entry in table.Entries)
        {
            OnReceive(new Wanted(entry));
        }

        foreach (var ask in table.Asks)
        {
            OnReceive(ask);
        }

        if (table.Entities is { } entities)
        {
            OnReceive(entities);
        }
    }

    protected override void PostStop() => table.Close();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ModelsAt at:
                table.Entities = at;
                (_models, _silence) = (at.Models, null);
                foreach (var followed in _followed.Values)
                {
                    Follow(followed);
                }

                Send(_asks.Values);
                break;
            case NoModels none:
                table.Entities = none;
                OnNoModels(none.Reason);
                break;
            case Wanted wanted when _silence is not null:
                table.Forget(wanted.Entry, _silence);
                break;
            case Wanted wanted:
                Follow(_followed[wanted.Entry.Name] = new Followed(wanted.Entry) { SilentSince = clock.GetTimestamp() });
                break;
            case ModelRoute part:
                OnRoute(part);
                break;
            case Ask ask when _silence is not null:
                ask.Answer.TrySetException(RouteTable.Unreached(_silence));
                break;
            case Ask ask:
                // Again, where it was on its way here during a restart.
                _asks[ask.Request.Id] = ask;
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
        foreach (var entry in _followed.Values.Select(followed => followed.Entry).Where(entry => entry.Route is null).ToArray())
        {
            _followed.Remove(entry.Name);
            table.Forget(entry, reason);
        }

        foreach (var ask in _asks.Values)
        {
            ask.Answer.TrySetException(RouteTable.Unreached(reason));
        }

        _asks.Clear();
    }

    private void OnRoute(ModelRoute part)
    {
        if (!_followed.TryGetValue(part.Name, out var followed))
        {
            // It has not heard that nobody here wants the name any more.
            Sender.Tell(new EntityRequest.Unfollow(part.Name), Self);
            return;
        }

        if (!Sender.Equals(followed.Entity))
        {
            Leave(followed);
            followed.Entity = Context.Watch(Sender);
            _entities[Sender] = followed;
        }

        followed.Coming = IPaged.Join(followed.Coming, part);
        if (followed.Coming is { HasMore: false } route)
        {
            followed.Coming = null;
            table.OnRoute(followed.Entry, route);
        }
    }

    /// <summary>Calls go on by the routes that are known, until the next entity tells of others.</summary>
    private void OnLost(IActorRef entity)
    {
        if (_entities.Remove(entity, out var followed))
        {
            followed.Entity = null;
            followed.SilentSince = clock.GetTimestamp();
            Follow(followed);
            // Whoever waits for its answer asks the next one.
            Send(_asks.Values.Where(ask => ask.Request.Name == followed.Entry.Name));
        }
    }

    private void OnTick()
    {
        Send(_asks.Values.Where(ask => clock.GetElapsedTime(ask.SentAt) >= AskAgain));
        var beyond = _followed.Values.Where(followed => followed.IsEmpty).OrderBy(followed => followed.Entry.Idle).Skip(MostEmpty)
            .ToHashSet();
        foreach (var followed in _followed.Values.ToArray())
        {
            var entry = followed.Entry;
            if (beyond.Contains(followed) || entry.Idle > (followed.IsEmpty ? ForgottenEmpty : Forgotten))
            {
                // What is known stays where nobody would tell it again.
                if (_models is not null || entry.Route is null)
                {
                    table.Forget(entry, $"Where {entry.Name} is was not said within {Forgotten}.");
                    _followed.Remove(entry.Name);
                    _models?.Tell(new EntityRequest.Unfollow(entry.Name), Self);
                    Leave(followed);
                }
            }
            else if (followed.Entity is null && clock.GetElapsedTime(followed.SilentSince) > MostSilence)
            {
                GiveUp(followed);
            }
            else if (_models is not null && clock.GetElapsedTime(followed.AskedAt) >= followed.Pause)
            {
                Follow(followed, followed.Unanswered + 1);
            }
        }
    }

    /// <summary>Who waits for an entity fails, and may try again; calls by a route that is known go on.</summary>
    private void GiveUp(Followed followed)
    {
        var entry = followed.Entry;
        var reason = $"The node that answers for {entry.Name} has not been reached for {MostSilence}.";
        foreach (var ask in _asks.Values.Where(ask => ask.Request.Name == entry.Name).ToArray())
        {
            _asks.Remove(ask.Request.Id);
            ask.Answer.TrySetException(RouteTable.Unreached(reason));
        }

        if (entry.Route is null)
        {
            _followed.Remove(entry.Name);
            table.Forget(entry, reason);
        }
        else
        {
            followed.SilentSince = clock.GetTimestamp();
        }
    }

    private void Send(IEnumerable<Ask> asks)
    {
        foreach (var ask in asks)
        {
            ask.SentAt = clock.GetTimestamp();
            _models?.Tell(ask.Request, Self);
        }
    }

    private void Follow(Followed followed, int unanswered = 0)
    {
        (followed.AskedAt, followed.Unanswered) = (clock.GetTimestamp(), unanswered);
        // Thousands of names may have been asked for at once, and are not to be asked for at once again.
        followed.Jitter = 0.75 + (Random.Shared.NextDouble() / 2);
        _models?.Tell(new EntityRequest.Follow(followed.Entry.Name), Self);
    }

    private void Leave(Followed followed)
    {
        if (followed.Entity is { } entity)
        {
            Context.Unwatch(entity);
            _entities.Remove(entity);
        }
    }

    internal sealed record ModelsAt(IActorRef Models);

    internal sealed record NoModels(string Reason);

    internal sealed record Wanted(RouteEntry Entry);

    internal sealed record GivenUp(long Id);

    internal sealed record Ask(EntityRequest.Place Request)
    {
        /// <summary>When the entity was asked last, by the clock's timestamp.</summary>
        public long SentAt { get; set; }

        public TaskCompletionSource<EntityReply> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Followed(RouteEntry entry)
    {
        public RouteEntry Entry => entry;

        /// <summary>Whether nobody has the name, as its entity said.</summary>
        public bool IsEmpty => entry.Route is { Replicas.IsEmpty: true };

        /// <summary>The one that told the route; null while none has, or it is lost.</summary>
        public IActorRef? Entity { get; set; }

        /// <summary>Since when there is no such one, by the clock's timestamp.</summary>
        public long SilentSince { get; set; }

        /// <summary>What has come of a route of which further messages follow; else null.</summary>
        public ModelRoute? Coming { get; set; }

        /// <summary>When it was asked last, by the clock's timestamp.</summary>
        public long AskedAt { get; set; }

        /// <summary>How often it was asked before, since there is no such one.</summary>
        public int Unanswered { get; set; }

        /// <summary>A factor of its pause.</summary>
        public double Jitter { get; set; }

        /// <summary>How long after it was asked it is asked again: less and less often while none answers.</summary>
        public TimeSpan Pause => Jitter
            * (Entity is not null || Unanswered > 4 ? FollowAgain : (1 << Unanswered) * RouteTableActor.Pause);
    }

    private sealed class Tick
    {
        public static Tick Instance { get; } = new();
    }
}
