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
internal sealed class SeedDiscovery
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ActorSystem _system;
    private readonly ClusterSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log;
    private readonly ServiceDiscovery _discovery;

    /// <exception cref="ClusterJoinFailedException">The settings name a method that cannot be used.</exception>
    public SeedDiscovery(ActorSystem system, ClusterSettings settings, TimeProvider clock, ILoggingAdapter log)
    {
        (_system, _settings, _clock, _log) = (system, settings, clock, log);
        var method = settings.Discovery.Method;
        try
        {
            _discovery = Discovery.Get(system).LoadServiceDiscovery(method);
        }
        catch (Exception e)
        {
            // Each method has a class of its own, which throws what it will.
            throw new ClusterJoinFailedException(
                $"akka.discovery.{method} cannot be used (zerocopy.cluster.discovery.method): {e.Message.TrimEnd('.', '!')}. Is that "
                + "section in the settings, with the class that it names?");
        }
    }

    /// <summary>Looks until it is given up: seeds that were the same twice are joined, and others as soon as there are others.</summary>
    public async Task RunAsync(Action<IEnumerable<Address>> join, CancellationToken cancellationToken)
    {
        ImmutableArray<Address> before = [], joined = [];
        while (true)
        {
            var found = await LookupAsync().ConfigureAwait(false);
            if (found.Length >= _settings.Discovery.ContactPoints && found.SequenceEqual(before) && !found.SequenceEqual(joined))
            {
                _log.Info("Joining by {0}", string.Join(", ", found));
                join(found);
                joined = found;
            }

            before = found;
            await Task.Delay(Interval, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ImmutableArray<Address>> LookupAsync()
    {
        try
        {
            var resolved = await _discovery.Lookup(new Lookup(_settings.Discovery.Service), Interval * 10).ConfigureAwait(false);
            var self = Cluster.Get(_system).SelfAddress;
            return
            [
                .. resolved.Addresses.Select(target => self.WithHost(target.Host).WithPort(target.Port ?? _settings.Port)).Distinct()
                    .OrderBy(address => address.ToString(), StringComparer.Ordinal),
            ];
        }
        catch (Exception e)
        {
            // Each method of discovery has exceptions of its own, and what it cannot say now it may a second later.
            _log.Warning("akka.discovery.{0} does not know the nodes: {1}", _settings.Discovery.Method, e.Message);
            return [];
        }
    }
}
