using ZeroCopy.Actors.Inference;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>A pool of a model from its start to its end. Its numbers change under its endpoint's lock only.</summary>
internal sealed class ModelRun(long startedAt)
{
    /// <summary>The pool, or why it could not be started.</summary>
    public Task<PoolEndpoint> Started { get; set; } = null!;

    /// <summary>Null until it is started.</summary>
    public InferencePool? Pool { get; set; }

    /// <summary>Calls that go to it.</summary>
    public int Users { get; set; }

    /// <summary>When the last of them ended.</summary>
    public long LastUse { get; set; } = startedAt;
}
