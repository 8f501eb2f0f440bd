using System.Collections.Immutable;

namespace ZeroCopy.Actors.Settings;

/// <summary>Settings of all pools; the HOCON root is <c>zerocopy.inference</c>.</summary>
public sealed record InferenceSettings
{
    /// <summary>Configuration path of the dispatcher that inference actors compute on.</summary>
    public const string Dispatcher = "zerocopy.inference.dispatcher";

    /// <summary>The key in a dispatcher that says where callers go on, and what keeps them on the threads that compute.</summary>
    internal const string CallersKey = "callers";

    /// <inheritdoc cref="CallersKey"/>
    internal const string ComputeThreads = "compute-threads";

    /// <summary>Whether a caller goes on on the thread that computed its answer, and not on the .NET thread pool.</summary>
    public required bool KeepsCallers { get; init; }

    /// <summary>How long a shutdown lets calls finish.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    /// <summary>Whether C++ exceptions that the tensor library does not catch fail their call, and do not end the process.</summary>
    public required bool CatchesCppExceptions { get; init; }

    /// <summary>How long a pool that a call has started stays without calls before its instances go back; null for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the store is looked at for models that came, went or have a newer version.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Calls between processes.</summary>
    public RemotingSettings Remoting { get; init; } = new();

    /// <summary>Instances of models, whoever uses them.</summary>
    public required InstanceSettings Instances { get; init; }

    /// <summary>What a pool has where nothing is said about it.</summary>
    public required PoolSettings PoolDefaults { get; init; }

    /// <summary>Settings by name of the pool, defaults merged in.</summary>
    public required ImmutableSortedDictionary<string, PoolSettings> Pools { get; init; }

    /// <summary>The settings of the pool of that name.</summary>
    public PoolSettings Pool(string name) => Pools.GetValueOrDefault(name, PoolDefaults);
}
