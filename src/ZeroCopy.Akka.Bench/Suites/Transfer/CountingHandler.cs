using System.Collections.Concurrent;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>Counts the bytes of answers by who sent them.</summary>
internal sealed class CountingHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly ConcurrentDictionary<string, long> _bytes = new();

    public long BytesFrom(Uri node) => _bytes.GetValueOrDefault(node.Authority);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var bytes = response.Content.Headers.ContentLength ?? 0;
        _bytes.AddOrUpdate(request.RequestUri!.Authority, bytes, (_, before) => before + bytes);
        return response;
    }
}
