using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Discovery;
using Akka.Event;
using ClusterSettings = ZeroCopy.Actors.Settings.ClusterSettings;

namespace ZeroCopy.Clustering.Hosting;

/// <summary>
/// Seeds that Akka.Discovery knows. All nodes see the same list in the same order, so that only the first in it can start a cluster, and
/// does where no other answers.
/// </summary>
internal sealed class SeedDiscovery(ActorSystem system, ClusterSettings settings, TimeProvider clock, ILoggingAdapter log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ServiceDiscovery _discovery = Load(system, settings.Discovery.Method);
    private string? _problem;

    /// <summary>Looks until it is given up: seeds that were the same twice are joined, and others as soon as there are others.</summary>
    public async Task RunAsync(Action<IEnumerable<Address>> join, CancellationToken cancellationToken)
    {
        ImmutableArray<Address> before = [], joined = [];
        while (true)
        {
            var found = await LookupAsync().ConfigureAwait(false);
            if (found.Length >= settings.Discovery.ContactPoints && found.SequenceEqual(before) && !found.SequenceEqual(joined))
            {
                log.Info("Joining by {0}", string.Join(", ", found));
                join(found);
                joined = found;
            }

            before = found;
            await Task.Delay(Interval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The nodes that are known now, in order; none where that cannot be said, which is logged once.</summary>
    public async Task<ImmutableArray<Address>> LookupAsync()
    {
        try
        {
            var resolved = await _discovery.Lookup(new Lookup(settings.Discovery.Service), Interval * 10).ConfigureAwait(false);
            var self = Cluster.Get(system).SelfAddress;
            _problem = null;
            return
            [
                .. resolved.Addresses.Select(target => self.WithHost(target.Host).WithPort(target.Port ?? settings.Port)).Distinct()
                    .OrderBy(address => address.ToString(), StringComparer.Ordinal),
            ];
        }
        catch (Exception e)
        {
            // Each method of discovery has exceptions of its own, and what it cannot say now it may a second later.
            if (_problem != e.Message)
            {
                log.Warning("akka.discovery.{0} does not know the nodes: {1}", settings.Discovery.Method, e.Message);
                _problem = e.Message;
            }

            return [];
        }
    }

    /// <exception cref="ClusterJoinFailedException">The settings name a method that cannot be used.</exception>
    private static ServiceDiscovery Load(ActorSystem system, string method)
    {
        try
        {
            return Discovery.Get(system).LoadServiceDiscovery(method);
        }
        catch (Exception e)
        {
            // Each method has a class of its own, which throws what it will.
            throw new ClusterJoinFailedException(
                $"akka.discovery.{method} cannot be used (zerocopy.cluster.discovery.method): {e.Message.TrimEnd('.', '!')}. Is that "
                + "section in the settings, with the class that it names?");
        }
    }
}
