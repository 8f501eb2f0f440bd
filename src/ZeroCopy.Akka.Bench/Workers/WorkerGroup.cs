namespace ZeroCopy.Bench.Workers;

/// <summary>Worker processes that do the same and are measured together.</summary>
internal sealed class WorkerGroup : IAsyncDisposable
{
    private readonly List<WorkerProcess> _workers = [];

    private WorkerGroup()
    {
    }

    public WorkerProcess First => _workers[0];

    /// <summary>
    /// Starts processes that have run one small forward and then taken <paramref name="steps"/>, one process after the other: a machine of
    /// few processors has none to spare for loading at once. What is garbage by then is collected.
    /// </summary>
    public static async Task<WorkerGroup> StartAsync(int count, CancellationToken cancellationToken, params WorkerStep[] steps)
    {
        var group = new WorkerGroup();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var worker = WorkerProcess.Start();
                group._workers.Add(worker);
                foreach (var step in steps.Prepend(WorkerVerbs.Forward.With()).Append(WorkerVerbs.Collect.With()))
                {
                    await worker.AskAsync(step, cancellationToken).ConfigureAwait(false);
                }
            }

            return group;
        }
        catch
        {
            await group.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sum of the PSS of such processes, in bytes.</summary>
    public static async Task<long> MeasureAsync(int count, CancellationToken cancellationToken, params WorkerStep[] steps)
    {
        var group = await StartAsync(count, cancellationToken, steps).ConfigureAwait(false);
        await using (group.ConfigureAwait(false))
        {
            return group.Proportional();
        }
    }

    /// <summary>Sum of the workers' PSS in bytes.</summary>
    public long Proportional() => _workers.Sum(worker => ProcessMemory.Of(worker.Id).Proportional);

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync().ConfigureAwait(false);
        }
    }
}
