using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Routes;

/// <summary>Chooses the replica of a call: this process where it is not busy, else the less busy of two at random. Thread-safe.</summary>
/// <param name="self">This node; null where it is none.</param>
/// <param name="outstanding">Calls of this process that are under way to a node.</param>
/// <param name="isUnreachable">Whether a node does not answer at the moment.</param>
internal sealed class ReplicaChoice(Address? self, Func<Address, int> outstanding, Func<Address, bool> isUnreachable)
{
    /// <summary>One of the warm replicas of a version; null where all of them were tried. Allocates nothing.</summary>
    public Replica? Warm(ReadOnlySpan<Replica> warm, IReadOnlySet<Address> tried)
    {
        var (untried, reachable) = (0, 0);
        foreach (var replica in warm)
        {
            if (tried.Contains(replica.Node))
            {
                continue;
            }

            untried++;
            if (!isUnreachable(replica.Node))
            {
                if (replica.Node == self && Load(replica) <= 1)
                {
                    return replica;
                }

                reachable++;
            }
        }

        if (reachable == 0)
        {
            // Rather one that may be back than none.
            return untried == 0 ? null : At(warm, tried, Random.Shared.Next(untried), withUnreachable: true);
        }

        var one = At(warm, tried, Random.Shared.Next(reachable), withUnreachable: false);
        var other = At(warm, tried, Random.Shared.Next(reachable), withUnreachable: false);
        return one is null || other is null ? one ?? other : Load(one) <= Load(other) ? one : other;
    }

    /// <summary>Whether one of the warm replicas of a version was not tried and is reached. Allocates nothing.</summary>
    public bool IsReached(ReadOnlySpan<Replica> warm, IReadOnlySet<Address> tried)
    {
        foreach (var replica in warm)
        {
            if (!tried.Contains(replica.Node) && !isUnreachable(replica.Node))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A replica that would load the model with the call; null where there is none that was not tried.</summary>
    public Replica? Cold(ModelRoute route, int? version, IReadOnlySet<Address> tried)
    {
        var cold = route.Replicas
            .Where(replica => replica.Version == version && replica.State != EndpointState.Failed && !tried.Contains(replica.Node)
                && !isUnreachable(replica.Node))
            .ToArray();
        return cold.FirstOrDefault(replica => replica.Node == self) ?? (cold.Length == 0 ? null : cold[Random.Shared.Next(cold.Length)]);
    }

    /// <summary>The replica of an index among those that can be chosen; the last one where there are fewer by now.</summary>
    private Replica? At(ReadOnlySpan<Replica> warm, IReadOnlySet<Address> tried, int index, bool withUnreachable)
    {
        Replica? last = null;
        foreach (var replica in warm)
        {
            if (!tried.Contains(replica.Node) && (withUnreachable || !isUnreachable(replica.Node)))
            {
                last = replica;
                if (index-- == 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    /// <summary>Calls for each actor.</summary>
    private double Load(Replica replica) => (double)Math.Max(outstanding(replica.Node), replica.Pending) / replica.ReadyActors;
}
