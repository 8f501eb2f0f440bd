using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Endpoints;
using ZeroCopy.Nodes;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Figures;
using ZeroCopy.Store;

namespace ZeroCopy.Serving.Page;

/// <summary>
/// What the page shows at one moment, as JSON. Each figure is one of the process's metrics, or told by two of its snapshots.
/// </summary>
/// <param name="now">The metrics now.</param>
/// <param name="beginning">The metrics at the beginning of the window that quantiles are of.</param>
/// <param name="recent">Those of some seconds ago, for rates; null where there are none.</param>
internal sealed class StatusDocument(MetricSnapshot now, MetricSnapshot beginning, MetricSnapshot? recent)
{
    private static readonly string Version = typeof(StatusDocument).Assembly.GetName().Version!.ToString(3);

    /// <summary>Writes it.</summary>
    /// <param name="writer">Gets an object.</param>
    /// <param name="endpoints">The models.</param>
    /// <param name="node">What they are served with; null where nobody tells.</param>
    /// <param name="nodes">The nodes.</param>
    public void Write(
        Utf8JsonWriter writer, ImmutableArray<IModelEndpoint> endpoints, INodeStatus? node, ImmutableArray<NodeStatus> nodes)
    {
        writer.WriteStartObject();
        writer.WriteString("version", Version);
        writer.WriteNumber("time", now.Time.ToUnixTimeMilliseconds());
        Number(writer, "window", beginning == MetricSnapshot.Empty ? null : (now.Time - beginning.Time).TotalSeconds);
        WriteProcess(writer);
        WriteFigures(writer, "total");
        WriteNodes(writer, nodes);
        var stored = node?.GetSharing() ?? [];
        WriteStore(writer, node, stored);
        WriteModels(writer, endpoints, node?.GetPools() ?? [], stored);
        writer.WriteEndObject();
    }

    private void WriteProcess(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("process");
        writer.WriteNumber("bytes", now.Sum("dotnet.process.memory.working_set"));
        writer.WriteNumber("connections", now.Sum("kestrel.active_connections"));
        writer.WriteNumber("requests", now.Histogram("http.server.request.duration")?.Count ?? 0);
        writer.WriteEndObject();
    }

    private static void WriteNodes(Utf8JsonWriter writer, ImmutableArray<NodeStatus> nodes)
    {
        writer.WriteStartArray("nodes");
        foreach (var node in nodes)
        {
            writer.WriteStartObject();
            writer.WriteString("address", node.Address);
            writer.WriteString("state", node.State);
            writer.WriteString("roles", string.Join(", ", node.Roles));
            writer.WriteString("http", node.Http);
            writer.WriteBoolean("self", node.IsSelf);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteStore(Utf8JsonWriter writer, INodeStatus? node, ImmutableArray<ModelSharing> stored)
    {
        if (node?.GetStore() is not { } store)
        {
            writer.WriteNull("store");
            return;
        }

        writer.WriteStartObject("store");
        writer.WriteString("directory", store.Directory);
        writer.WriteNumber("capacity", store.CapacityBytes);
        foreach (var state in new[] { "live", "dead", "temporary", "free" })
        {
            writer.WriteNumber(state, now.Sum("zerocopy.store.usage", ("state", state)));
        }

        writer.WriteNumber("unshared", now.Sum("zerocopy.store.unshared") + now.Sum("zerocopy.store.copies"));
        writer.WriteNumber("leases", now.Sum("zerocopy.leases"));
        writer.WriteNumber("blocks", store.Blocks);
        writer.WriteStartArray("models");
        foreach (var model in stored)
        {
            writer.WriteStartObject();
            writer.WriteString("name", model.Names.IsEmpty ? model.Id.ToString()[..12] : string.Join(", ", model.Names));
            writer.WriteNumber("own", model.Bytes - model.SharedBytes);
            writer.WriteNumber("shared", model.SharedBytes);
            writer.WriteNumber("blocks", model.Blocks);
            writer.WriteNumber("sharedBlocks", model.SharedBlocks);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteModels(
        Utf8JsonWriter writer, ImmutableArray<IModelEndpoint> endpoints, ImmutableArray<PoolStatus> pools,
        ImmutableArray<ModelSharing> stored)
    {
        writer.WriteStartArray("models");
        foreach (var endpoint in endpoints)
        {
            var pool = pools.FirstOrDefault(pool => pool.Model == endpoint.Name && pool.Version == endpoint.Version);
            var weights = stored.FirstOrDefault(model => pool?.ModelId is { } id
                ? model.Id == id : model.Names.Any(name => name.Name == endpoint.Name && name.Version == endpoint.Version));
            var replicas = endpoint is IReplicatedEndpoint replicated ? replicated.GetReplicas() : [];
            (string, string)[] model = [("model", endpoint.Name), ("version", endpoint.Version is { } number ? $"{number}" : "")];
            writer.WriteStartObject();
            writer.WriteString("name", endpoint.Name);
            writer.WriteString("version", ModelVersion.Text(endpoint.Version));
            writer.WriteString("state", endpoint.State switch
            {
                _ when endpoint is UnloadedEndpoint => "unloaded",
                EndpointState.Ready when pool is not null => "ready",
                EndpointState.Ready => replicas.Any(replica => replica.ReadyActors > 0) ? "elsewhere" : "idle",
                EndpointState.Loading => "loading",
                _ => "failed",
            });
            writer.WriteString("error", endpoint is UnloadedEndpoint ? null : endpoint.LastError);
            writer.WriteNumber("ready", now.Sum("zerocopy.actors", [.. model, ("state", "ready")]));
            writer.WriteNumber("loading", now.Sum("zerocopy.actors", [.. model, ("state", "loading")]));
            Number(writer, "capacity", pool?.QueueCapacity);
            writer.WriteNumber("own", weights?.Bytes - weights?.SharedBytes ?? 0);
            writer.WriteNumber("shared", weights?.SharedBytes ?? 0);
            WriteReplicas(writer, replicas);
            WriteFigures(writer, "figures", model);
            WriteErrors(writer, model);
            WriteBatches(writer, model);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteReplicas(Utf8JsonWriter writer, ImmutableArray<EndpointReplica> replicas)
    {
        writer.WriteStartArray("replicas");
        foreach (var replica in replicas)
        {
            writer.WriteStartObject();
            writer.WriteString("node", replica.Node);
            writer.WriteNumber("ready", replica.ReadyActors);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteFigures(Utf8JsonWriter writer, string name, params (string, string)[] tags)
    {
        const string Duration = "zerocopy.calls.duration";
        writer.WriteStartObject(name);
        writer.WriteNumber("calls", now.Sum(Duration, tags));
        writer.WriteNumber("failed", now.Sum("zerocopy.calls.failed", tags));
        writer.WriteNumber("rows", now.Sum("zerocopy.calls.rows", tags));
        writer.WriteNumber("bytes", now.Sum("zerocopy.calls.io", tags));
        writer.WriteNumber("pending", now.Sum("zerocopy.calls.pending", tags));
        Number(writer, "callRate", Rate(Duration, tags));
        Number(writer, "failedRate", Rate("zerocopy.calls.failed", tags));
        writer.WriteNumber("batchRows", now.Histogram("zerocopy.batches.rows", tags)?.Sum ?? 0);
        WriteQuantiles(writer, "duration", Duration, tags);
        WriteQuantiles(writer, "queue", "zerocopy.calls.queue", tags);
        WriteQuantiles(writer, "compute", "zerocopy.runs.duration", tags);
        writer.WriteEndObject();
    }

    private void WriteQuantiles(Utf8JsonWriter writer, string name, string instrument, (string, string)[] tags)
    {
        var histogram = now.Histogram(instrument, tags)?.Since(beginning.Histogram(instrument, tags));
        writer.WriteStartObject(name);
        Number(writer, "p50", histogram?.Quantile(0.5));
        Number(writer, "p99", histogram?.Quantile(0.99));
        writer.WriteEndObject();
    }

    private void WriteErrors(Utf8JsonWriter writer, (string, string)[] model)
    {
        writer.WriteStartObject("errors");
        foreach (var kind in now.Of("zerocopy.calls.failed", model))
        {
            writer.WriteNumber(kind.Tag("error.type"), kind.Value);
        }

        writer.WriteEndObject();
    }

    /// <summary>How many batches had up to how many rows; a bound of null is none.</summary>
    private void WriteBatches(Utf8JsonWriter writer, (string, string)[] model)
    {
        writer.WriteStartArray("batches");
        if (now.Histogram("zerocopy.batches.rows", model) is { } rows)
        {
            for (var bucket = 0; bucket < rows.Counts.Length; bucket++)
            {
                writer.WriteStartArray();
                if (bucket < rows.Bounds.Length)
                {
                    writer.WriteNumberValue(rows.Bounds[bucket]);
                }
                else
                {
                    writer.WriteNullValue();
                }

                writer.WriteNumberValue(rows.Counts[bucket]);
                writer.WriteEndArray();
            }
        }

        writer.WriteEndArray();
    }

    /// <summary>Per second.</summary>
    private double? Rate(string instrument, (string, string)[] tags) => recent is null || recent.Time >= now.Time
        ? null
        : Math.Max(0, now.Sum(instrument, tags) - recent.Sum(instrument, tags)) / (now.Time - recent.Time).TotalSeconds;

    private static void Number(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
