using System.Text.Json;
using ZeroCopy.Nodes;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Figures;
using ZeroCopy.Serving.Http;

namespace ZeroCopy.Serving.Page;

/// <summary>Makes the documents that the page shows, each as a message of server-sent events. One at a time.</summary>
internal sealed class StatusSource(ProcessMetrics metrics, Models models, INodeStatus? node, INodeList? nodes)
{
    private static readonly TimeSpan RecentTime = TimeSpan.FromSeconds(10);

    private readonly SnapshotHistory _history = new(TimeSpan.FromSeconds(60));

    /// <summary>What is so now.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        _history.Add(metrics.Collect());
        var endpoints = await models.ListAsync(cancellationToken).ConfigureAwait(false);
        using var text = new MemoryStream();
        text.Write("data: "u8);
        using (var writer = new Utf8JsonWriter(text, JsonAnswer.WriterOptions))
        {
            new StatusDocument(_history.Last, _history.Beginning(), _history.OldestOf(RecentTime))
                .Write(writer, endpoints, node, nodes?.GetNodes() ?? []);
        }

        text.Write("\n\n"u8);
        return text.ToArray();
    }
}
