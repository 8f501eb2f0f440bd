using System.Collections.Immutable;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Calls;

/// <summary>Calls of models, whatever brings them: finds the model, counts, and keeps deadlines and the end of the application.</summary>
internal sealed class ModelCalls(Models models, ModelStatistics statistics, ServingOptions options, Drain drain, TimeProvider clock)
{
    /// <summary>One call.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="version">Its version; null or empty for the current one.</param>
    /// <param name="time">Its time, since it arrived.</param>
    /// <param name="timeout">Time to the answer that its transport gives it; null for none. The request's own may be shorter.</param>
    /// <param name="read">Reads the request; the inputs are given up when the call has ended.</param>
    /// <param name="send">Sends the answer, which it takes over.</param>
    /// <param name="aborted">The caller has gone.</param>
    /// <exception cref="RequestException">The request cannot be answered.</exception>
    /// <exception cref="Errors.InferenceException">The model did not answer.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task RunAsync(
        string name,
        string? version,
        RequestTime time,
        TimeSpan? timeout,
        Func<CancellationToken, ValueTask<(InferRequest Request, ImmutableArray<NamedTensor> Inputs)>> read,
        Func<InferRequest, IModelEndpoint, ModelAnswer, ValueTask> send,
        CancellationToken aborted)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(aborted, drain.Over);
        try
        {
            var endpoint = await models.FindAsync(name, version, given.Token).ConfigureAwait(false);
            try
            {
                await CallAsync(endpoint, time, timeout, read, send, given.Token).ConfigureAwait(false);
            }
            catch
            {
                statistics.Of(endpoint, endpoint.Version).Failed(time.Elapsed);
                throw;
            }
        }
        catch (OperationCanceledException e) when (drain.Over.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new InferenceException(
                InferenceFailure.ShuttingDown,
                $"The server is shutting down, and the call was not answered within {Durations.Text(options.DrainTimeout)} "
                + $"({SettingNames.DrainTimeout}).",
                e);
        }
    }

    private async Task CallAsync(
        IModelEndpoint endpoint,
        RequestTime time,
        TimeSpan? timeout,
        Func<CancellationToken, ValueTask<(InferRequest Request, ImmutableArray<NamedTensor> Inputs)>> read,
        Func<InferRequest, IModelEndpoint, ModelAnswer, ValueTask> send,
        CancellationToken cancellationToken)
    {
        var (request, inputs) = await read(cancellationToken).ConfigureAwait(false);
        var (input, called) = (time.Elapsed, clock.GetTimestamp());
        var call = new CallOptions
        {
            Deadline = time.Left(Shorter(timeout, request.Parameters.Timeout)),
            HashKey = request.Parameters.Sequence,
        };
        // It is loaded by the call, also where it was unloaded while the request was read.
        models.Forget(endpoint.Name);
        var answer = await endpoint.CallAsync(request.Parameters.Method, inputs, call, cancellationToken).ConfigureAwait(false);
        var answered = clock.GetTimestamp();
        var queue = answer.Times.Queue;
        var counts = statistics.Of(endpoint, ModelVersion.Of(endpoint, answer));
        await send(request, endpoint, answer).ConfigureAwait(false);
        counts.Succeeded(
            input, queue, clock.GetElapsedTime(called, answered) - queue, clock.GetElapsedTime(answered),
            answer.Times.Joined);
    }

    private static TimeSpan? Shorter(TimeSpan? one, TimeSpan? other) => one < other ? one : other ?? one;
}
