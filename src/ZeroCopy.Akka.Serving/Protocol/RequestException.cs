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

    /// <summary>The request's text is no JSON.</summary>
    public static RequestException NotJson(JsonException error) =>
        new($"The request is not valid JSON: {error.Message.TrimEnd('.')}.", error);

    /// <summary>HTTP status of the answer.</summary>
    public int Status { get; } = status;

    /// <summary>Whether the connection broke while the request was read, so that nobody is left to answer.</summary>
    public bool IsBroken { get; init; }
}
