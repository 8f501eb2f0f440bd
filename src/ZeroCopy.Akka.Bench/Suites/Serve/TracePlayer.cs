using System.Diagnostics;
using ZeroCopy.Errors;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>Sends the messages of users when their time has come, whether or not those before were answered.</summary>
internal sealed class TracePlayer(IMessageService service, ServeSizes sizes)
{
    /// <summary>
    /// Whether every message of a trace was answered in time. Ends with the first one that was not, and when all that was sent has ended.
    /// </summary>
    public async Task<bool> PlayAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<bool>>(messages.Count);
        var start = Stopwatch.GetTimestamp();
        foreach (var message in messages)
        {
            var wait = (message.Second * sizes.Second) - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (ended.IsCancellationRequested)
            {
                break;
            }

            running.Add(SendAsync(message.Model, ended));
        }

        var answered = await Task.WhenAll(running).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return running.Count == messages.Count && answered.All(inTime => inTime);
    }

    private async Task<bool> SendAsync(int model, CancellationTokenSource ended)
    {
        var limit = sizes.TimeOutSeconds * sizes.Second;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);
        late.CancelAfter(limit);
        try
        {
            await service.AnswerAsync(model, late.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException
            or InferenceException { Failure: InferenceFailure.DeadlineExceeded or InferenceFailure.Overloaded })
        {
            await ended.CancelAsync().ConfigureAwait(false);
            return false;
        }
    }
}
