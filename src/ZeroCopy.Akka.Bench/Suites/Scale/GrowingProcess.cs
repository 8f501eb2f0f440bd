using System.Diagnostics;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>A process that gets more and more instances of a model, and what they cost it.</summary>
internal sealed class GrowingProcess : IAsyncDisposable
{
    private const double Mebibyte = 1 << 20;
    private readonly WorkerGroup _group;
    private readonly Func<int, WorkerStep> _further;
    private readonly long _before;
    private double _milliseconds;
    private int _count;

    private GrowingProcess(WorkerGroup group, Func<int, WorkerStep> further)
    {
        _group = group;
        _further = further;
        _before = group.Proportional();
    }

    /// <summary>Starts one; <paramref name="further"/> tells it to make that many further instances.</summary>
    public static async Task<GrowingProcess> StartAsync(
        Func<int, WorkerStep> further, CancellationToken cancellationToken, params WorkerStep[] steps) =>
        new(await WorkerGroup.StartAsync(1, cancellationToken, steps).ConfigureAwait(false), further);

    /// <summary>PSS in MiB above what it had at its start, and the milliseconds that all its instances have taken.</summary>
    public async Task<(double Memory, double Time)> GrowToAsync(int count, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await _group.First.AskAsync(_further(count - _count), cancellationToken).ConfigureAwait(false);
        _milliseconds += Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _count = count;
        await _group.First.AskAsync(WorkerVerbs.Collect.With(), cancellationToken).ConfigureAwait(false);
        return ((_group.Proportional() - _before) / Mebibyte, _milliseconds);
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();
}
