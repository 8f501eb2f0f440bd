using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Http;

/// <summary>What a model is: its metadata, its configuration, whether it is ready, its statistics.</summary>
internal sealed class ModelHandler(Models models, ModelStatistics statistics)
{
    public async Task MetadataAsync(HttpContext context)
    {
        var endpoint = await models.FindAsync(context).ConfigureAwait(false);
        var signature = await endpoint.GetSignatureAsync(context.RequestAborted).ConfigureAwait(false);
        var versions = await models.VersionsAsync(endpoint, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context.Response, writer =>
        {
            var method = signature.Find("");
            writer.WriteString("name", endpoint.Name);
            writer.WriteStartArray("versions");
            foreach (var version in versions)
            {
                writer.WriteStringValue(version);
            }

            writer.WriteEndArray();
            writer.WriteString("platform", ServerIdentity.Platform);
            Write(writer, "inputs", method?.Inputs ?? [], WriteMetadata);
            Write(writer, "outputs", method?.Outputs ?? [], WriteMetadata);
        }).ConfigureAwait(false);
    }

    public async Task ConfigurationAsync(HttpContext context)
    {
        var endpoint = await models.FindAsync(context).ConfigureAwait(false);
        var signature = await endpoint.GetSignatureAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context.Response, writer =>
        {
            var method = signature.Find("");
            writer.WriteString("name", endpoint.Name);
            writer.WriteString("platform", ServerIdentity.Platform);
            writer.WriteString("backend", ServerIdentity.Name);
            // Shapes have their first dimension, so that no client adds one of its own.
            writer.WriteNumber("max_batch_size", 0);
            Write(writer, "input", method?.Inputs ?? [], WriteConfiguration);
            Write(writer, "output", method?.Outputs ?? [], WriteConfiguration);
            WriteSignature(writer, signature);
        }).ConfigureAwait(false);
    }

    public async Task ReadyAsync(HttpContext context)
    {
        var endpoint = await models.FindAsync(context).ConfigureAwait(false);
        if (endpoint.State != EndpointState.Ready)
        {
            throw new RequestException(
                StatusCodes.Status503ServiceUnavailable,
                endpoint is UnloadedEndpoint ? $"Model '{endpoint.Name}' was unloaded; a call or a request loads it."
                    : endpoint.LastError is { } error ? $"Model '{endpoint.Name}' could not be loaded: {error}"
                    : $"Model '{endpoint.Name}' is being loaded.");
        }

        await JsonAnswer.SendAsync(context.Response, writer =>
        {
            writer.WriteString("name", endpoint.Name);
            writer.WriteBoolean("ready", true);
        }).ConfigureAwait(false);
    }

    public async Task StatisticsAsync(HttpContext context)
    {
        IEnumerable<IModelEndpoint> endpoints = context.Request.RouteValues.ContainsKey("name")
            ? [await models.FindAsync(context).ConfigureAwait(false)]
            : await models.ListAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context.Response, writer => StatisticsJson.Write(writer, statistics, endpoints)).ConfigureAwait(false);
    }

    private static void Write(
        Utf8JsonWriter writer, string list, ImmutableArray<ValueSignature> values, Action<Utf8JsonWriter, ValueSignature> write)
    {
        writer.WriteStartArray(list);
        foreach (var value in values)
        {
            writer.WriteStartObject();
            writer.WriteString("name", value.Name);
            write(writer, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteMetadata(Utf8JsonWriter writer, ValueSignature value)
    {
        writer.WriteString("datatype", value.Datatype() ?? SignatureTypes.AnyDatatype);
        WriteSizes(writer, "shape", value);
        if (value.Datatype() is not null && !value.IsAnyShape() && !value.IsOptional)
        {
            return;
        }

        // What the protocol has no words for: its datatypes and shapes are never open, and none of its inputs may be left out.
        writer.WriteStartObject("parameters");
        WriteTrue("any_datatype", value.Datatype() is null);
        WriteTrue("any_shape", value.IsAnyShape());
        WriteTrue("optional", value.IsOptional);
        writer.WriteEndObject();

        void WriteTrue(string name, bool holds)
        {
            if (holds)
            {
                writer.WriteBoolean(name, true);
            }
        }
    }

    private static void WriteConfiguration(Utf8JsonWriter writer, ValueSignature value)
    {
        var datatype = value.Datatype() ?? SignatureTypes.AnyDatatype;
        writer.WriteString("data_type", datatype == Datatype.Bytes ? "TYPE_STRING" : $"TYPE_{datatype}");
        WriteSizes(writer, "dims", value);
        if (value.IsOptional)
        {
            writer.WriteBoolean("optional", true);
        }
    }

    /// <summary>All methods, for which the protocol has no place but the free parameters of the configuration.</summary>
    private static void WriteSignature(Utf8JsonWriter writer, ModelSignature signature)
    {
        writer.WriteStartObject("parameters");
        writer.WriteStartObject("signature");
        writer.WriteString("string_value", SignatureJson.ToJson(signature));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteSizes(Utf8JsonWriter writer, string name, ValueSignature value)
    {
        writer.WriteStartArray(name);
        foreach (var size in value.Sizes())
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
    }
}
