using System.Collections.Concurrent;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>What the actors of a pool share. Their loads are counted only for a router that asks.</summary>
internal sealed record PoolContext(
    string Name,
    IInstanceSource Source,
    ModelFunction Function,
    IBatchCodec? Codec,
    PoolSettings Settings,
    CallLedger Ledger,
    PoolReadiness Readiness,
    ActorLoads? Loads, JoinedKinds Kinds)
{
    /// <summary>Name of the pool's actor; that of the pool, but where two of one name may run at the same time.</summary>
    public string ActorName { get; init; } = Name;

    /// <summary>The version of the model; null where it has none.</summary>
    public int? Version { get; init; }

    /// <summary>The model of the store that its actors have; null where that is not known.</summary>
    public ModelId? ModelId { get; init; }

    /// <summary>How calls find their actor.</summary>
    public PoolRouter Router { get; } = PoolRouter.Of(Settings.Router);

    /// <summary>Calls and joined calls that came to an actor without a model, for the first that is ready and has time.</summary>
    public ConcurrentQueue<object> Waiting { get; } = new();

    public PoolFailures Failures { get; } = new(Settings.RenewAfterFailures);

    /// <summary>What a call runs instead of <see cref="Function"/>, where that awaits; null where it does not.</summary>
    public AsyncModelFunction? AsyncFunction { get; init; }

    /// <summary>Ends when the router and every actor behind it have stopped, for whatever reason.</summary>
    public TaskCompletionSource Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled behind that, when every call is answered but those of functions that still run.</summary>
    public CancellationTokenSource Gone { get; } = new();
}
