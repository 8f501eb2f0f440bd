using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
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
    private static readonly string[] Endpoints =
        [Endpoint, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    public static void Add(WebApplicationBuilder builder, TelemetrySettings settings, string instance)
    {
        builder.Configuration.AddInMemoryCollection(Variables(settings));
        if (settings.Metrics)
        {
            builder.Services.AddZeroCopyStatus();
        }

        var exports = Endpoints.Any(name => builder.Configuration[name] is { Length: > 0 });
        if (!settings.Metrics && !exports)
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

        if (exports)
        {
            telemetry
                .WithMetrics(metrics => metrics.AddMeter(ZeroCopyStatus.Meters).AddOtlpExporter())
                .WithTracing(traces => traces.AddSource(Instruments.SourceName).AddAspNetCoreInstrumentation().AddOtlpExporter());
        }
    }

    /// <summary>The standard's variables, of which a node reads the environment and nothing else; a setting counts over it.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Variables(TelemetrySettings settings)
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.OfType<string>())
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && (name != Endpoint || settings.OtlpEndpoint is null))
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
            var metrics = application.MapPrometheusScrapingEndpoint();
            if (!serving.ApiKeys.IsEmpty)
            {
                metrics.RequireAuthorization(ZeroCopyAccess.CallPolicy);
            }
        }
    }
}
