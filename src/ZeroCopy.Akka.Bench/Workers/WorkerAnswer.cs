namespace ZeroCopy.Bench.Workers;

/// <summary>What a worker process answers to one line: a result, or why there is none.</summary>
internal sealed record WorkerAnswer(string? Result, string? Error)
{
    public static WorkerAnswer Nothing { get; } = new(null, "it ended");
}
