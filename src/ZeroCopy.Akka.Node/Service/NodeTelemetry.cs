using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Serving;
using ZeroCopy.Serving.Access;

namespace ZeroCopy.Node.Service;

/// <summary>
/// Where a node's metrics and traces go: the page and <c>/metrics</c>, and a collector of OpenTelemetry where settings or the standard
/// environment name one.
/// </summary>
internal static class NodeTelemetry
{
    private const string Prefix = "OTEL_";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Metrics = "OTEL_EXPORTER_OTLP_METRICS_";
    private const string Traces = "OTEL_EXPORTER_OTLP_TRACES_";

    public static void Add(WebApplicationBuilder builder, TelemetrySettings settings, string instance)
    {
        builder.Configuration.AddInMemoryCollection(Variables(settings));
        if (settings.Metrics)
        {
            builder.Services.AddZeroCopyStatus();
        }

        var (exportsMetrics, exportsTraces) = (IsNamed(Metrics), IsNamed(Traces));
        if (!settings.Metrics && !exportsMetrics && !exportsTraces)
        {
            return;
        }

        var version = typeof(NodeTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("zerocopy", serviceVersion: version, serviceInstanceId: instance));
        if (settings.Metrics)
        {
            telemetry.WithMetrics(metrics => metrics.AddPrometheusExporter());
        }

        if (exportsMetrics)
        {
            telemetry.WithMetrics(metrics => metrics.AddMeter(ZeroCopyStatus.Meters)
                .AddOtlpExporter(options => Configure(options, builder.Configuration, Metrics)));
        }

        if (exportsTraces)
        {
            telemetry.WithTracing(traces => traces.AddSource(Instruments.SourceName).AddAspNetCoreInstrumentation()
                .AddOtlpExporter(options => Configure(options, builder.Configuration, Traces)));
        }

        bool IsNamed(string signal) =>
            builder.Configuration[Endpoint] is { Length: > 0 } || builder.Configuration[$"{signal}ENDPOINT"] is { Length: > 0 };
    }

    /// <summary>The variables of one signal count over those of all, which alone the exporter reads by itself.</summary>
    private static void Configure(OtlpExporterOptions options, ConfigurationManager variables, string signal)
    {
        if (Uri.TryCreate(variables[$"{signal}ENDPOINT"], UriKind.Absolute, out var endpoint))
        {
            options.Endpoint = endpoint;
        }

        options.Protocol = variables[$"{signal}PROTOCOL"] switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => options.Protocol,
        };
        options.Headers = variables[$"{signal}HEADERS"] ?? options.Headers;
        if (int.TryParse(variables[$"{signal}TIMEOUT"], CultureInfo.InvariantCulture, out var milliseconds))
        {
            options.TimeoutMilliseconds = milliseconds;
        }
    }

    /// <summary>The standard's variables, of which a node reads the environment and nothing else; a setting counts over it.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Variables(TelemetrySettings settings)
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.OfType<string>())
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && (settings.OtlpEndpoint is null || name is not (Endpoint or $"{Metrics}ENDPOINT" or $"{Traces}ENDPOINT")))
            {
                yield return new(name, Environment.GetEnvironmentVariable(name));
            }
        }

        if (settings.OtlpEndpoint is { } endpoint)
        {
            yield return new(Endpoint, endpoint.ToString());
        }
    }

    /// <summary>Serves the page at <c>/</c> and the metrics at <c>/metrics</c> where they are on.</summary>
    public static void Map(WebApplication application, TelemetrySettings settings, ServingSettings serving)
    {
        if (settings.Metrics)
        {
            application.MapZeroCopyStatus();
            var metrics = application.MapPrometheusScrapingEndpoint()
                .WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
            if (!serving.ApiKeys.IsEmpty)
            {
                metrics.RequireAuthorization(ZeroCopyAccess.CallPolicy);
            }
        }
    }
}
