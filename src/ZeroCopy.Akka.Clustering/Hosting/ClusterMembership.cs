using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Catalog;
using ClusterSettings = ZeroCopy.Actors.Settings.ClusterSettings;

namespace ZeroCopy.Clustering.Hosting;

/// <summary>
/// How an actor system becomes a member of the cluster that <c>zerocopy.cluster</c> of its settings names, and whether it is one.
/// Thread-safe.
/// </summary>
public sealed class ClusterMembership : IExtension
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ILoggingAdapter _log;
    private readonly Cluster _cluster;
    private readonly TimeProvider _clock;
    private readonly Lazy<Task> _joined;
    private readonly CancellationTokenSource _ended = new();

    internal ClusterMembership(ExtendedActorSystem system)
    {
        _log = Logging.GetLogger(system, typeof(ClusterMembership));
        _cluster = Cluster.Get(system);
        _clock = system.Settings.Setup.Get<ZeroCopySetup>().GetOrElse(new ZeroCopySetup()).TimeProvider;
        var settings = ZeroCopySystem.For(system).Settings.Cluster;
        _joined = new Lazy<Task>(() => JoinAsync(settings));
        system.RegisterOnTermination(_ended.Cancel);
    }

    /// <summary>Why the node is no member that takes part in everything; null where it is.</summary>
    public string? Problem => _cluster.IsTerminated ? "The node has left the cluster." : ProblemOf(_cluster.SelfMember.Status);

    /// <summary>That of an actor system, whose provider is <c>cluster</c>.</summary>
    /// <exception cref="InvalidSettingsException">Settings under <c>zerocopy</c> are wrong.</exception>
    public static ClusterMembership For(ActorSystem system) => Provider.Instance.Apply(system);

    /// <summary>
    /// Waits until the node is a member. The first call has it join the nodes that the settings name, or start a cluster where they name
    /// none. The log says every ten seconds that no node has let it in yet.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the node goes on to join.</param>
    /// <exception cref="ClusterJoinFailedException">
    /// The node has left the cluster, or the actor system has ended, before; or its version does not work together with that of the
    /// members, and it leaves again.
    /// </exception>
    public Task JoinAsync(CancellationToken cancellationToken = default) => _joined.Value.WaitAsync(cancellationToken);

    internal static string? ProblemOf(MemberStatus self) => self switch
    {
        MemberStatus.Up => null,
        // What Akka says of one that is none yet.
        MemberStatus.Removed => "The node is not a member of the cluster yet.",
        _ => $"The node is not a member of the cluster that is up: {self}.",
    };

    private async Task JoinAsync(ClusterSettings settings)
    {
        var joined = WhenUpAsync();
        var start = _clock.GetTimestamp();
        using var ended = new CancellationTokenSource();
        var (who, seeds, asking) = Ask(settings, ended.Token);
        while (await Task.WhenAny(joined, Task.Delay(Patience, _clock, ended.Token)).ConfigureAwait(false) != joined)
        {
            _log.Warning(
                "Not a member of the cluster for {0:0} s now: none of {1} has let {2} in. Trying on",
                _clock.GetElapsedTime(start).TotalSeconds, who, _cluster.SelfAddress);
        }

        await ended.CancelAsync().ConfigureAwait(false);
        await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await joined.ConfigureAwait(false);
        if (ProductVersion.Problem(_cluster) is { } problem)
        {
            _cluster.Leave(_cluster.SelfAddress);
            throw new ClusterJoinFailedException(problem);
        }

        _ = new MembershipAdvice(_cluster, seeds, _clock, _log).RunAsync(_ended.Token);
    }

    private Task WhenUpAsync()
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.RegisterOnMemberUp(() => up.TrySetResult());
        _cluster.RegisterOnMemberRemoved(() => up.TrySetException(new ClusterJoinFailedException("The node has left the cluster.")));
        return up.Task;
    }

    /// <summary>Has the node ask for the cluster; says whom in words, who that is now, and what goes on asking.</summary>
    private (string Who, Func<Task<ImmutableArray<Address>>> Seeds, Task Asking) Ask(ClusterSettings settings, CancellationToken ended)
    {
        if (settings.Discovery.IsOn)
        {
            var discovery = new SeedDiscovery(_cluster.System, settings, _clock, _log);
            return (
                $"the nodes that akka.discovery.{settings.Discovery.Method} knows as {settings.Discovery.Service} "
                    + "(zerocopy.cluster.discovery)",
                discovery.LookupAsync,
                discovery.RunAsync(_cluster.JoinSeedNodes, ended));
        }

        var seeds = Seeds(settings);
        if (seeds.IsEmpty)
        {
            _cluster.Join(_cluster.SelfAddress);
        }
        else
        {
            _cluster.JoinSeedNodes(seeds);
        }

        return ($"{string.Join(", ", seeds)} (zerocopy.cluster.seeds)", () => Task.FromResult(seeds), Task.CompletedTask);
    }

    private ImmutableArray<Address> Seeds(ClusterSettings settings) =>
    [
        .. settings.Seeds.Select(seed => NodeAddress.TryParse(seed, settings.Tls.IsOn, out var address, _cluster.System.Name)
            ? address
            : throw new InvalidOperationException($"The settings were read with '{seed}' as the address of a node.")),
    ];

    private sealed class Provider : ExtensionIdProvider<ClusterMembership>
    {
        public static Provider Instance { get; } = new();

        public override ClusterMembership CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
