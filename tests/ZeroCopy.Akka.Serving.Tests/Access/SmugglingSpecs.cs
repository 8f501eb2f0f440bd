using System.Net.Sockets;
using System.Text;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Access;

/// <summary>
/// Requests whose end another server could see elsewhere: what lies behind it would be a request of somebody else. Each is refused, the
/// connection closed, and what it hides is not done.
/// </summary>
public sealed class SmugglingSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const string Json = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";
    private const string Line = "POST /v2/models/identity/infer HTTP/1.1\r\nHost: a\r\n";

    /// <summary>The server closes the connection behind it where it is a request.</summary>
    private static readonly string Hidden = $"{Line}Connection: close\r\nContent-Length: {Json.Length}\r\n\r\n{Json}";

    public static TheoryData<string, string> Requests => new()
    {
        { "two lengths", $"Content-Length: 0\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}" },
        { "two lengths in one header", $"Content-Length: 0, {Hidden.Length}\r\n\r\n{Hidden}" },
        { "a negative length", $"Content-Length: -1\r\n\r\n{Hidden}" },
        { "chunks of another coding behind", $"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{Hidden}" },
        { "a coding that is not known", $"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{Hidden}" },
        { "a space before the colon", $"Content-Length : 0\r\n\r\n{Hidden}" },
        { "a header that goes on in the next line", $"Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n{Hidden}" },
        { "a size of a chunk that is none", $"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n{Hidden}" },
        { "a size of a chunk that overflows", $"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n\r\n{Hidden}" },
        { "a bare carriage return in a header", $"X-A: b\rContent-Length: 0\r\n\r\n{Hidden}" },
        {
            "a chunk's extension with a bare line feed",
            $"Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n{{}}\r\n0\r\n\r\n{Hidden}"
        },
        { "a null in a header", $"X-A: b\0c\r\nContent-Length: 0\r\n\r\n{Hidden}" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_should_hide_no_other_one(string how, string headersAndBody)
    {
        var model = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(model);

        var answer = await SendAsync(served, $"{Line}{headersAndBody}");

        Assert.True(model.Calls == 0, $"{how}: {answer}");
        Assert.True(answer.Split("HTTP/1.1 ").Length <= 2, $"{how}: {answer}");
        Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_should_be_done_where_it_stands_behind_another_one()
    {
        var model = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(model);

        var answer = await SendAsync(served, $"{Line}Content-Length: {Json.Length}\r\n\r\n{Json}{Hidden}");

        Assert.True(model.Calls == 2, answer);
        Assert.Equal(3, answer.Split("HTTP/1.1 200 ").Length);
    }

    /// <summary>
    /// Chunks count over a length, and are faulty in HTTP/1.0 (RFC 9112, 6.1 and 6.3): the connection is closed behind them, so that
    /// nothing is a request of its own.
    /// </summary>
    [Theory]
    [InlineData("1.1", "Content-Length: 5")]
    [InlineData("1.0", "Connection: keep-alive")]
    public async Task Request_should_be_the_last_of_its_connection_where_its_chunks_may_count_or_not(string version, string header)
    {
        var model = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(model);

        var answer = await SendAsync(
            served,
            $"{Line.Replace("1.1", version, StringComparison.Ordinal)}{header}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}");

        Assert.True(model.Calls == 0, answer);
        Assert.True(answer.Split("HTTP/1.1 ").Length <= 2, answer);
    }

    /// <summary>What the server says until it closes. The client stays: calls of one that has gone are cancelled.</summary>
    private static async Task<string> SendAsync(ServedModels served, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(served.Client.BaseAddress!.Host, served.Client.BaseAddress.Port);
        var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            await stream.CopyToAsync(answer).WaitAsync(Patience);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Closed with what was sent behind the request still unread.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
