using ZeroCopy.Errors;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Calls;

/// <summary>What a caller is told of a request that was not answered.</summary>
/// <param name="Status">The HTTP status, which says what it means for every protocol.</param>
/// <param name="Message">One sentence, in one line.</param>
/// <param name="Kind">How a call failed, which the status says for several kinds alike; null where it was no call's failure.</param>
internal readonly record struct Failure(int Status, string Message, InferenceFailure? Kind)
{
    /// <summary>What the kind is sent as: a header over HTTP, a trailer over gRPC.</summary>
    public const string Header = "zerocopy-failure";

    /// <summary>Characters of a message, which may show what the caller sent.</summary>
    private const int LongestMessage = 4000;

    /// <summary>The server's own fault: its log has more.</summary>
    public bool IsOurs => Status == 500;

    /// <summary>Whether the same request may be answered later: the caller is told when to come back.</summary>
    public bool IsForNow => Status is 429 or 503;

    public static Failure Of(Exception error)
    {
        var (status, message) = error switch
        {
            RequestException request => (request.Status, request.Message),
            InferenceException inference => (FailureStatus.Of(inference), inference.Message),
            ZeroCopyException ours => (500, ours.Message),
            _ => (500, "The server failed; its log has the error."),
        };
        return new Failure(status, Cut(message.ReplaceLineEndings(" ")), (error as InferenceException)?.Failure);
    }

    private static string Cut(string message) => message.Length <= LongestMessage
        ? message
        : $"{message[..(char.IsHighSurrogate(message[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage)]}…";
}
