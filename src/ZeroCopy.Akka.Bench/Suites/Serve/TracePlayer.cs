using ZeroCopy.Bench.Measuring;
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
        try
        {
            var answered = await OpenLoop.SendAsync(
                messages.Select(message => message.Second * sizes.Second.TotalSeconds),
                (message, _) => SendAsync(messages[message].Model, ended), ended.Token).ConfigureAwait(false);
            return answered.All(inTime => inTime);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
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
