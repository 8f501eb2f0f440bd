using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>The metrics and traces of one version of a model. Thread-safe.</summary>
internal sealed class ModelTelemetry
{
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly KeyValuePair<string, object?>[] _inTags;
    private readonly KeyValuePair<string, object?>[] _outTags;
    private readonly string _call;
    private readonly string _queue;
    private readonly string _compute;

    /// <param name="model">What the model is called by.</param>
    /// <param name="version">Its version; null where it has none.</param>
    public ModelTelemetry(string model, int? version = null)
    {
        Model = model;
        Version = version?.ToString(CultureInfo.InvariantCulture) ?? "";
        (_call, _queue, _compute) = ($"call {Model}", $"queue {Model}", $"compute {Model}");
        _tags = [new("model", Model), new("version", Version)];
        _inTags = [.. _tags, new("direction", "in")];
        _outTags = [.. _tags, new("direction", "out")];
    }

    public string Model { get; }

    /// <summary>Empty where there is none.</summary>
    public string Version { get; }

    /// <summary>
    /// The trace of a call, a child of the caller's own; it does not become the caller's current one, for it ends on another thread.
    /// </summary>
    public Activity? StartCall()
    {
        if (!Instruments.Activities.HasListeners())
        {
            return null;
        }

        var caller = Activity.Current;
        var activity = Start(_call, default);
        Activity.Current = caller;
        return activity;
    }

    /// <summary>Ends the trace without a trace in the thread that runs the model.</summary>
    public static void EndCall(Activity? activity)
    {
        if (activity is not null)
        {
            var current = Activity.Current;
            activity.Dispose();
            Activity.Current = current;
        }
    }

    /// <summary>The trace of joined calls, part of that of the first one and linked with all. Current until it ends.</summary>
    public Activity? StartBatch(IEnumerable<Activity?> calls, int rows)
    {
        if (!Instruments.Activities.HasListeners() || calls.OfType<Activity>().Where(IsTraced).ToArray() is not [var first, ..] traced)
        {
            return null;
        }

        var links = traced.Select(call => new ActivityLink(call.Context));
        var batch = Instruments.Activities.StartActivity($"batch {Model}", ActivityKind.Internal, first.Context, _tags, links);
        if (batch is not null)
        {
            batch.SetTag("zerocopy.batch.rows", rows);
            foreach (var call in traced)
            {
                call.AddLink(new ActivityLink(batch.Context));
            }
        }

        return batch;
    }

    /// <summary>The trace of a run of the model, current until it ends: what the model's function starts is below it.</summary>
    /// <param name="parent">The call's or the batch's; null where it has none.</param>
    public Activity? StartCompute(Activity? parent) => IsTraced(parent) ? Start(_compute, parent.Context) : null;

    /// <summary>A call's wait for its model has ended now.</summary>
    public void Waited(TimeSpan time, Activity? call)
    {
        Instruments.Queue.Record(time.TotalSeconds, _tags);
        if (IsTraced(call))
        {
            using var wait = Instruments.Activities.StartActivity(
                _queue, ActivityKind.Internal, call.Context, _tags, startTime: call.StartTimeUtc);
        }
    }

    public void Entered() => Instruments.Pending.Add(1, _tags);

    public void Left(TimeProvider clock, long enteredAt)
    {
        Instruments.Pending.Add(-1, _tags);
        if (Instruments.Duration.Enabled)
        {
            Instruments.Duration.Record(clock.GetElapsedTime(enteredAt).TotalSeconds, _tags);
        }
    }

    public void Failed(Exception reason, Activity? activity)
    {
        if (activity is null && !Instruments.Failures.Enabled)
        {
            return;
        }

        var kind = Instruments.KindOf(reason);
        activity?.SetStatus(ActivityStatusCode.Error, reason.Message).SetTag(Instruments.ErrorType, kind);
        Instruments.Failures.Add(1, [.. _tags, new(Instruments.ErrorType, kind)]);
    }

    /// <summary>The model ran.</summary>
    public void Computed(TimeSpan time) => Instruments.Compute.Record(time.TotalSeconds, _tags);

    /// <summary>A batch was answered.</summary>
    public void Joined(int rows) => Instruments.Batches.Record(rows, _tags);

    public void Unjoined(int calls) => Instruments.Fallbacks.Add(calls, _tags);

    /// <summary>A call by named tensors was answered.</summary>
    public void Answered(IReadOnlyList<NamedTensor> inputs, IReadOnlyList<NamedTensor> outputs)
    {
        if (!Instruments.Bytes.Enabled && !Instruments.Rows.Enabled)
        {
            return;
        }

        Instruments.Rows.Add(inputs is [{ Shape: [var rows, ..] }, ..] ? rows : 1, _tags);
        Instruments.Bytes.Add(inputs.Sum(input => (long)input.Data.Length), _inTags);
        Instruments.Bytes.Add(outputs.Sum(output => (long)output.Data.Length), _outTags);
    }

    /// <summary>A measurement of this model at a moment.</summary>
    public Measurement<long> Measure(long value) => new(value, _tags);

    /// <summary>One of several parts.</summary>
    public Measurement<long> Measure(long value, string tag, string text) => new(value, [.. _tags, new(tag, text)]);

    // One that a sampler left out only hands its id on, and has no parts.
    private static bool IsTraced([NotNullWhen(true)] Activity? activity) => activity is { IsAllDataRequested: true };

    private Activity? Start(string name, ActivityContext parent) =>
        Instruments.Activities.StartActivity(name, ActivityKind.Internal, parent, _tags);
}
