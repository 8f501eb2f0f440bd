using System.Text.Json;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// A request that cannot be answered: the message is the answer's <c>error</c>, one sentence that names the field and what it may be.
/// </summary>
internal sealed class RequestException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The caller's mistake.</summary>
    public RequestException(string message, Exception? inner = null)
        : this(400, message, inner)
    {
    }

    /// <summary>The request's text is no JSON, or lies deeper in itself than allowed.</summary>
    public static RequestException NotJson(JsonException error)
    {
        // The reader's first sentence; others are for its programmer, and its place counts from 0.
        var what = error.Message.Split(". ", 2)[0].TrimEnd('.');
        return new RequestException(
            $"The request cannot be read as JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}: {what}.", error);
    }

    /// <summary>HTTP status of the answer.</summary>
    public int Status { get; } = status;

    /// <summary>Whether the connection broke while the request was read, so that nobody is left to answer.</summary>
    public bool IsBroken { get; init; }
}
