namespace ZeroCopy.Bench.Workers;

/// <summary>Something that a worker process can be told to do.</summary>
/// <param name="Name">The word for it, different from those of all others.</param>
/// <param name="DoAsync">Does it, in the worker process, and returns the answer.</param>
internal sealed record WorkerVerb(string Name, Func<Worker, string[], CancellationToken, Task<string>> DoAsync)
{
    public static WorkerVerb Of(string name, Func<Worker, string[], string> work) =>
        new(name, (worker, arguments, _) => Task.FromResult(work(worker, arguments)));

    /// <summary>What is sent to a worker process.</summary>
    public WorkerStep With(params string[] arguments) => new(Name, arguments);
}
