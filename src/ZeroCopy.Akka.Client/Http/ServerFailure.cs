using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ZeroCopy.Client.Memory;

namespace ZeroCopy.Client.Http;

/// <summary>What a server answered with instead of an answer.</summary>
internal static partial class ServerFailure
{
    /// <summary>How a call failed in the words of a ZeroCopy.Akka server.</summary>
    public const string FailureHeader = "zerocopy-failure";

    private const int MostBytes = 64 << 10;
    private const int MostOfExcerpt = 200;

    /// <summary>The failure that a response without success tells of.</summary>
    public static async Task<InferenceServerException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var memory = new RentedMemory();
        var body = await BodyAsync(response, memory, cancellationToken).ConfigureAwait(false);
        return new InferenceServerException(ErrorOf(response.StatusCode), MessageOf(body) ?? Describe(response, body.Span))
        {
            Status = response.StatusCode,
            Failure = response.Headers.TryGetValues(FailureHeader, out var values) ? string.Join(",", values) : null,
            RetryAfter = RetryAfter(response),
        };
    }

    /// <summary>The beginning of a text, in one line.</summary>
    public static string Excerpt(ReadOnlySpan<byte> text)
    {
        var line = Blanks().Replace(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * MostOfExcerpt)]), " ").Trim();
        return line.Length <= MostOfExcerpt ? line : line[..MostOfExcerpt] + "…";
    }

    private static InferenceError ErrorOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => InferenceError.Unauthorized,
        HttpStatusCode.NotFound => InferenceError.NotFound,
        HttpStatusCode.MethodNotAllowed or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.NotImplemented =>
            InferenceError.Unsupported,
        HttpStatusCode.RequestEntityTooLarge => InferenceError.TooLarge,
        HttpStatusCode.TooManyRequests => InferenceError.Overloaded,
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable => InferenceError.Unavailable,
        HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout => InferenceError.DeadlineExceeded,
        >= HttpStatusCode.InternalServerError => InferenceError.ServerError,
        >= HttpStatusCode.BadRequest => InferenceError.InvalidRequest,
        _ => InferenceError.InvalidAnswer,
    };

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when response.Headers.Date is { } now && date > now => date - now,
        _ => null,
    };

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(
        HttpResponseMessage response, RentedMemory memory, CancellationToken cancellationToken)
    {
        var buffer = memory.Rent(MostBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return buffer[..await stream.ReadAtLeastAsync(buffer, MostBytes, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false)];
        }
        catch (IOException)
        {
            // The status has arrived and says enough: the text alone is lost.
            return default;
        }
    }

    private static string? MessageOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return new AnswerField(json.RootElement, AnswerPlace.Answer).TextAt("error");
        }
        catch (Exception e) when (e is JsonException or InferenceServerException)
        {
            // Whatever stands between the client and the server answers as it likes: it is shown as it is.
            return null;
        }
    }

    private static string Describe(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var what = response.Content.Headers.ContentType?.MediaType is { } type ? $" and {type}" : "";
        var excerpt = Excerpt(body);
        return $"{response.RequestMessage?.RequestUri} answered with status {(int)response.StatusCode} ({response.ReasonPhrase}){what}"
            + (excerpt.Length == 0 ? "." : $": {excerpt}");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
