namespace ZeroCopy.Bench.Suites.Http;

/// <summary>A request to the server's echo and its answer, read without keeping it.</summary>
internal sealed class EchoWay(BenchServer server, int bytes) : CallWay
{
    private readonly byte[] _body = new byte[bytes];

    public override string Name => "echo of the same bytes";

    public override async Task CallAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Echo) { Content = new ByteArrayContent(_body) };
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        var answer = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await answer.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
    }
}
