namespace ZeroCopy.Actors.Settings;

/// <summary>What a node tells of itself; the HOCON root is <c>zerocopy.telemetry</c>.</summary>
public sealed record TelemetrySettings
{
    /// <summary>Whether the status page and <c>/metrics</c> are served.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>The collector of OpenTelemetry that gets metrics and traces; null for none, or for that of the environment.</summary>
    public Uri? OtlpEndpoint { get; init; }
}
