using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>Runs the methods of the service and turns what they throw into a status with one sentence.</summary>
internal sealed class RpcBoundary(ServingOptions options, ILogger<RpcBoundary> logger) : Interceptor
{
    /// <summary>When to come back, in milliseconds: clients with a retry policy wait as long instead of the policy's own time.</summary>
    private const string PushbackTrailer = "grpc-retry-pushback-ms";

    /// <summary>Bytes of a message in the headers: clients take some kilobytes, and refuse an answer with more whatever it says.</summary>
    private const int LongestMessage = 2000;

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw Refusal(error, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            // The client has broken the stream: what fails within it is answered there.
            throw new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled.", error));
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw Refusal(error, context);
        }
    }

    /// <summary>What a caller is told, as far as it fits the headers; the log has the server's own faults in full.</summary>
    public static string Message(Exception error, ServerCallContext context, ILogger logger)
    {
        var failure = Failure.Of(error);
        if (failure.IsOurs)
        {
            logger.LogError(error, "{Method} failed", context.Method);
        }

        return Cut(failure.Message);
    }

    // A header has each byte but those of printable ASCII as three.
    private static string Cut(string message)
    {
        var (bytes, end) = (0, 0);
        foreach (var rune in message.EnumerateRunes())
        {
            bytes += rune.Value is >= ' ' and <= '~' and not '%' ? 1 : 3 * rune.Utf8SequenceLength;
            if (bytes > LongestMessage)
            {
                return $"{message[..end]}…";
            }

            end += rune.Utf16SequenceLength;
        }

        return message;
    }

    private RpcException Refusal(Exception error, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested)
        {
            // Nobody is left to tell, or the deadline has been answered already.
            return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled.", error));
        }

        var failure = Failure.Of(error);
        var trailers = new Metadata();
        if (failure.Kind is { } kind)
        {
            trailers.Add(Failure.Header, kind.ToString());
        }

        if (failure.IsForNow)
        {
            var milliseconds = (int)Math.Min(options.RetryAfter.TotalMilliseconds, int.MaxValue);
            trailers.Add(PushbackTrailer, milliseconds.ToString(CultureInfo.InvariantCulture));
        }

        return new RpcException(new Status(RpcStatus.Of(failure.Status), Message(error, context, logger), error), trailers);
    }
}
