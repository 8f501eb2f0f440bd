using System.Diagnostics;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>The trace of a call from one process to another, at both ends.</summary>
internal static class RemoteTrace
{
    /// <summary>What goes with the call: the current trace as W3C Trace Context writes it; empty for none.</summary>
    public static string Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : "";

    /// <summary>The caller's end, current until it ends; null where nobody listens.</summary>
    public static Activity? Start(string model) =>
        Instruments.Activities.StartActivity($"predict {model}", ActivityKind.Client, default(ActivityContext), [new("model", model)]);

    /// <summary>The other end, below the caller's; current until it ends. A text that is no trace is none.</summary>
    public static Activity? Continue(string model, string parent) => Instruments.Activities.StartActivity(
        $"predict {model}",
        ActivityKind.Server,
        ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : default,
        [new("model", model)]);

    /// <summary>The call failed.</summary>
    public static void Fail(Activity? trace, Exception reason) =>
        trace?.SetStatus(ActivityStatusCode.Error, reason.Message).SetTag(Instruments.ErrorType, Instruments.KindOf(reason));
}
