namespace ZeroCopy.Node.Workers;

/// <summary>One thing that a worker process is told to do.</summary>
internal sealed record WorkerStep(WorkerVerb Verb, params string[] Arguments);
