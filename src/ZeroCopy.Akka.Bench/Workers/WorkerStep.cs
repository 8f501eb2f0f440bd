namespace ZeroCopy.Bench.Workers;

/// <summary>One thing that a worker process is told to do.</summary>
/// <param name="Verb">Name of a <see cref="WorkerVerb"/>.</param>
/// <param name="Arguments">What the verb takes.</param>
internal sealed record WorkerStep(string Verb, string[] Arguments);
