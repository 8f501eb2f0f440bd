using System.Diagnostics;
using System.Text.Json;

namespace ZeroCopy.Bench.Workers;

/// <summary>
/// A process of the executable (<c>zerocopy worker</c>) that does what it is told, so that it can be measured from outside. Not
/// thread-safe.
/// </summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    /// <summary>The command that makes a process of the executable a worker.</summary>
    public const string Command = "worker";

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    private WorkerProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static WorkerProcess Start() => new(OwnExecutable.Start([Command]));

    /// <summary>Tells the worker to do something and waits for what it answers.</summary>
    /// <exception cref="InvalidOperationException">
    /// The worker failed, or ended; what it wrote went to this process's standard error.
    /// </exception>
    public async Task<string> AskAsync(WorkerStep step, CancellationToken cancellationToken)
    {
        var answer = WorkerAnswer.Nothing;
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(step)).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(cancellationToken).ConfigureAwait(false);
            var line = await _process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            answer = line is null ? WorkerAnswer.Nothing : JsonSerializer.Deserialize<WorkerAnswer>(line)!;
        }
        catch (IOException)
        {
            // The worker is gone, and its input with it.
        }

        return answer.Result ?? throw new InvalidOperationException($"Worker process {Id} could not {step.Verb}: {answer.Error}");
    }

    /// <summary>A worker ends when its input does; one that hangs is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            using var limit = new CancellationTokenSource(EndLimit);
            try
            {
                _process.StandardInput.Close();
                await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                _process.Kill();
            }
        }
    }
}
