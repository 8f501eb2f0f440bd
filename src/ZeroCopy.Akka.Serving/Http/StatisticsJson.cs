using System.Text.Json;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Http;

/// <summary>Writes the counts of models in the words of the protocol's statistics.</summary>
internal static class StatisticsJson
{
    /// <summary>Writes the counts of endpoints, zeros where one was never called.</summary>
    public static void Write(Utf8JsonWriter writer, ModelStatistics statistics, IEnumerable<IModelEndpoint> endpoints)
    {
        writer.WriteStartArray("model_stats");
        foreach (var endpoint in endpoints)
        {
            writer.WriteStartObject();
            writer.WriteString("name", endpoint.Name);
            writer.WriteString("version", ModelVersion.Text(endpoint.Version));
            Write(writer, statistics.Read(endpoint));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, CallTotals totals)
    {
        writer.WriteNumber("last_inference", totals.LastMilliseconds);
        writer.WriteNumber("inference_count", totals.Success.Count);
        writer.WriteNumber("execution_count", totals.Executions);
        writer.WriteStartObject("inference_stats");
        Write(writer, "success", totals.Success);
        Write(writer, "fail", totals.Fail);
        Write(writer, "queue", totals.Queue);
        Write(writer, "compute_input", totals.Input);
        Write(writer, "compute_infer", totals.Infer);
        Write(writer, "compute_output", totals.Output);
        Write(writer, "cache_hit", default);
        Write(writer, "cache_miss", default);
        writer.WriteEndObject();
        writer.WriteStartArray("batch_stats");
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, CallTime time)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("count", time.Count);
        writer.WriteNumber("ns", time.Nanoseconds);
        writer.WriteEndObject();
    }
}
