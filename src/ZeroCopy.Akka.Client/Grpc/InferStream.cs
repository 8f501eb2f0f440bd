using System.Runtime.CompilerServices;
using Grpc.Core;
using ZeroCopy.OpenInference;

namespace ZeroCopy.Client.Grpc;

/// <summary>
/// Calls of models over one stream: written one after the other, answered in their order while others are written. One writes and one
/// reads at a time.
/// </summary>
public sealed class InferStream : IDisposable
{
    private readonly AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> _call;

    internal InferStream(AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> call) => _call = call;

    /// <summary>
    /// Sends a call; a timeout of its own is told to the server, and is not kept here. Outputs come with the answers, never in shared
    /// memory.
    /// </summary>
    /// <exception cref="InferenceServerException">The stream has ended.</exception>
    public async Task WriteAsync(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var message = GrpcMessages.Of(request);
        await GrpcCalls.RunAsync(
            async () =>
            {
                await _call.RequestStream.WriteAsync(message, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says that no further calls come; the answers to those that were sent still do.</summary>
    public Task CompleteAsync() => _call.RequestStream.CompleteAsync();

    /// <summary>The answers, until all calls of a completed stream are answered.</summary>
    /// <exception cref="InferenceServerException">The stream broke.</exception>
    public async IAsyncEnumerable<InferStreamAnswer> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await GrpcCalls.RunAsync(() => _call.ResponseStream.MoveNext(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            var answer = _call.ResponseStream.Current;
            var id = GrpcMessages.NotEmpty(answer.InferResponse?.Id ?? "");
            yield return answer.ErrorMessage.Length > 0
                ? new InferStreamAnswer(id, null, new InferenceServerException(InferenceError.ServerError, answer.ErrorMessage))
                : new InferStreamAnswer(id, GrpcMessages.Of(answer.InferResponse ?? new ModelInferResponse(), null), null);
        }
    }

    /// <summary>Ends the stream; calls that are not answered are given up.</summary>
    public void Dispose() => _call.Dispose();
}
