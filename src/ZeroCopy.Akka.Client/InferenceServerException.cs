using System.Net;

namespace ZeroCopy.Client;

/// <summary>A call of a server failed; the message is the server's own where it sent one.</summary>
public sealed class InferenceServerException(InferenceError error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public InferenceError Error { get; } = error;

    /// <summary>Status of the answer; null where there was none, and for gRPC.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>
    /// How the call failed in the words of a ZeroCopy.Akka server, its header <c>zerocopy-failure</c>; null for other servers.
    /// </summary>
    public string? Failure { get; init; }

    /// <summary>When the server wants to be asked again; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same call may succeed later or elsewhere.</summary>
    public bool IsTransient => Error is InferenceError.Overloaded or InferenceError.Unavailable or InferenceError.Unreachable;

    /// <summary>An answer that is none.</summary>
    /// <param name="problem">What is wrong with it, as the end of a sentence about it.</param>
    /// <param name="inner">What found it.</param>
    internal static InferenceServerException NotProtocol(string problem, Exception? inner = null) =>
        new(InferenceError.InvalidAnswer, $"The server's answer is not the protocol: {problem}.", inner);
}
