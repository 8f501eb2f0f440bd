using ZeroCopy.Actors.Settings;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>A pool that is to be started.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Source">Where its actors get their instances.</param>
/// <param name="Function">What a call runs.</param>
/// <param name="Settings">How it runs.</param>
/// <param name="SettingsPath">Where HOCON has the settings, for messages.</param>
internal sealed record PoolPlan(string Name, IInstanceSource Source, ModelFunction Function, PoolSettings Settings, string SettingsPath)
{
    /// <summary>What a call runs instead, where that awaits.</summary>
    public AsyncModelFunction? AsyncFunction { get; init; }

    /// <summary>Joins requests where the settings say so.</summary>
    public IBatchCodec? Codec { get; init; }

    /// <summary>What its callers call it, for metrics.</summary>
    public string Model { get; init; } = Name;

    /// <summary>The version of the model, for metrics; null where it has none.</summary>
    public int? Version { get; init; }

    /// <summary>The model of the store that its actors have; null where that is not known.</summary>
    public ModelId? ModelId { get; init; }

    /// <summary>Name of the pool's actor.</summary>
    public string ActorName { get; init; } = Name;
}
