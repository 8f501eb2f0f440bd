using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>
/// Twelve processes, each with a copy of one model that nobody shares: they answer one message after the other, as Ray Serve and TorchServe
/// do with one replica a model.
/// </summary>
internal sealed class PrivateReplicas : IMessageService
{
    private readonly List<(WorkerProcess Process, SemaphoreSlim Turn)> _replicas = [];

    private PrivateReplicas()
    {
    }

    /// <param name="files">The models as TorchSharp writes them, one for each replica.</param>
    /// <param name="configuration">Their shapes, as JSON.</param>
    /// <param name="tokens">Tokens of a message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PrivateReplicas> StartAsync(
        IEnumerable<string> files, string configuration, int tokens, CancellationToken cancellationToken)
    {
        var replicas = new PrivateReplicas();
        try
        {
            // As many at once as processors, for each spends its time with loading.
            foreach (var some in files.Chunk(Environment.ProcessorCount))
            {
                await Task.WhenAll(some.Select(file =>
                {
                    var process = WorkerProcess.Start();
                    replicas._replicas.Add((process, new SemaphoreSlim(1)));
                    return process.AskAsync(ServeVerbs.Replica.With(file, configuration, $"{tokens}"), cancellationToken);
                })).ConfigureAwait(false);
            }

            return replicas;
        }
        catch
        {
            await replicas.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Has each compute with so many threads from now on. While nothing is asked.</summary>
    public Task UseThreadsAsync(int threads, CancellationToken cancellationToken) =>
        Task.WhenAll(_replicas.Select(replica => replica.Process.AskAsync(ServeVerbs.Threads.With($"{threads}"), cancellationToken)));

    public async Task AnswerAsync(int model, CancellationToken cancellationToken)
    {
        var (process, turn) = _replicas[model];
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        // What runs goes on when nobody waits for it any more.
        await AskAsync(process, turn).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (process, turn) in _replicas)
        {
            await turn.WaitAsync().ConfigureAwait(false);
            await process.DisposeAsync().ConfigureAwait(false);
            turn.Dispose();
        }
    }

    private static async Task AskAsync(WorkerProcess process, SemaphoreSlim turn)
    {
        try
        {
            await process.AskAsync(ServeVerbs.Answer.With(), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }
}
