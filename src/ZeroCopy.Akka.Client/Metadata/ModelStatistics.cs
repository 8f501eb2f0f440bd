namespace ZeroCopy.Client.Metadata;

/// <summary>The calls that a server counted for a model's version since it started.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Version of the model.</param>
/// <param name="LastInference">When the last call was answered; null for never.</param>
/// <param name="InferenceCount">Rows that were answered.</param>
/// <param name="ExecutionCount">Times that the model ran for them: fewer where batches are joined.</param>
/// <param name="Success">Calls that were answered.</param>
/// <param name="Fail">Calls that were not.</param>
/// <param name="Queue">Waiting for the model.</param>
/// <param name="ComputeInput">Preparing inputs.</param>
/// <param name="ComputeInfer">Running the model.</param>
/// <param name="ComputeOutput">Taking the outputs.</param>
public sealed record ModelStatistics(
    string Name,
    string? Version,
    DateTimeOffset? LastInference,
    long InferenceCount,
    long ExecutionCount,
    CallStatistic Success,
    CallStatistic Fail,
    CallStatistic Queue,
    CallStatistic ComputeInput,
    CallStatistic ComputeInfer,
    CallStatistic ComputeOutput);
