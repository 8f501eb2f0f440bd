namespace ZeroCopy.Bench.Suites.Http;

/// <summary>A way to make one call.</summary>
internal abstract class CallWay
{
    /// <summary>What it is called in results.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the call and frees its answer. Thread-safe.</summary>
    public abstract Task CallAsync(CancellationToken cancellationToken);
}
