using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Hosting;

/// <summary>
/// Looks every minute at what no member sees by itself and its operators should know: a seed that is a member of another cluster, and a
/// cluster of two nodes, of which one takes the other with it. What two looks in a row have seen is said, since nodes come and go
/// meanwhile; the log says each once, and again when it comes back.
/// </summary>
/// <param name="cluster">Of the node.</param>
/// <param name="seeds">Says which nodes belong to its cluster.</param>
/// <param name="clock">Between the looks.</param>
/// <param name="log">Where it is said.</param>
internal sealed class MembershipAdvice(
    Cluster cluster, Func<Task<ImmutableArray<Address>>> seeds, TimeProvider clock, ILoggingAdapter log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    private ImmutableHashSet<string> _seen = [];
    private ImmutableHashSet<string> _said = [];

    /// <summary>Looks until it is given up.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var seen = await LookAsync(cancellationToken).ConfigureAwait(false);
            var advice = seen.Intersect(_seen);
            foreach (var words in advice.Except(_said))
            {
                log.Warning("{0}", words);
            }

            (_seen, _said) = (seen, advice);
        }
    }

    private async Task<ImmutableHashSet<string>> LookAsync(CancellationToken cancellationToken)
    {
        var known = await seeds().ConfigureAwait(false);
        var state = cluster.State;
        var members = state.Members.Select(member => member.Address).ToHashSet();
        var advice = ImmutableHashSet.CreateBuilder<string>();
        if (LoserOfTwo(state) is { } loser)
        {
            advice.Add(
                $"The cluster has two nodes: when the other one is lost, {loser} ends too (split-brain-resolver keep-majority). A third "
                + "node, of role client where it is to hold no models, or another strategy lets each go on");
        }

        foreach (var seed in known.Where(seed => !members.Contains(seed)))
        {
            if (await IsMemberAsync(seed, cancellationToken).ConfigureAwait(false))
            {
                advice.Add(
                    $"{seed} is a seed of this node and answers, but is no member of its cluster: there are two clusters. Restart the "
                    + "nodes of one of them");
            }
        }

        return advice.ToImmutable();
    }

    /// <summary>Of two members, the one that the resolver would end; null where there are more, or fewer, or another strategy.</summary>
    private Address? LoserOfTwo(ClusterEvent.CurrentClusterState state)
    {
        const string Strategy = "akka.cluster.split-brain-resolver.active-strategy";
        return cluster.System.Settings.Config.GetString(Strategy) == "keep-majority" && state.Members.Count == 2
            && state.Members.All(member => member.Status == MemberStatus.Up) && state.Unreachable.IsEmpty
            ? state.Members.Select(member => member.UniqueAddress).Max()!.Address : null;
    }

    /// <summary>A node that is about to join answers too, that it is none.</summary>
    private async Task<bool> IsMemberAsync(Address seed, CancellationToken cancellationToken) =>
        await NodeAnswer.AskAsync(cluster.System, seed, new NodeQuery.Holdings(0, AsContact: true), AnswerTime, cancellationToken)
            .ConfigureAwait(false) is NodeReply.Holdings;
}
