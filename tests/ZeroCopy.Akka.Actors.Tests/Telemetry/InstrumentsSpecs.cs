using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Telemetry;

/// <summary>What a listener hears of a pool. Instruments belong to the process, so each spec listens for a pool of its own name.</summary>
public sealed class InstrumentsSpecs : PoolSpec
{
    private readonly string _name = $"spec-{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<(string Instrument, double Value, string? Failure)> _measured = new();
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;

    public InstrumentsSpecs()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Instruments.SourceName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("owner"), Owner))
                {
                    _stopped.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_activities);
    }

    private string Owner => $"pool {_name}";

    [Fact]
    public async Task Instruments_should_count_a_call_and_its_duration()
    {
        var pool = await PoolAsync((_, argument) =>
        {
            Clock.Advance(TimeSpan.FromSeconds(3));
            return argument;
        });
        await pool.CallAsync(1).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal([1, -1], Values("zerocopy.calls.pending"));
        Assert.Equal([3], Values("zerocopy.calls.duration"));
        Assert.Empty(Values("zerocopy.calls.failed"));
    }

    [Fact]
    public async Task Instruments_should_count_failures_by_reason()
    {
        var pool = await PoolAsync(
            (_, argument) => argument is "bad" ? throw new FormatException("no digits") : Blocked(0, argument), s => s with { QueueCapacity = 1 });
        await FailsAsync(InferenceFailure.ModelError, pool.CallAsync("bad"));
        await EventuallyAsync(() => pool.Pending == 0);
        await FailsAsync(InferenceFailure.DeadlineExceeded, pool.CallAsync("late", new CallOptions { Deadline = TimeSpan.Zero }));
        var running = pool.CallAsync("running");
        await FailsAsync(InferenceFailure.Overloaded, pool.CallAsync("one too many"));
        Gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(
            ["ModelError", "DeadlineExceeded", "Overloaded"], _measured.Where(m => m.Instrument == "zerocopy.calls.failed").Select(m => m.Failure));
        Assert.Equal(0, Values("zerocopy.calls.pending").Sum());
        // The refused call took no time of anybody.
        Assert.Equal(3, Values("zerocopy.calls.duration").Count());
    }

    [Fact]
    public async Task Instruments_should_count_the_rows_of_joined_calls()
    {
        var pool = await PoolAsync(
            (_, argument) => new FakeTensor(((FakeTensor)argument!).Rows),
            s => s with { Batching = new BatchingSettings { MaxRows = 3, Verify = false } },
            new FakeCodec());
        await Task.WhenAll(pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2, 3))).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal([3], Values("zerocopy.batches.rows"));
        Assert.Empty(Values("zerocopy.batches.fallbacks"));
    }

    [Fact]
    public async Task Instruments_should_count_the_calls_that_a_pool_with_batching_runs_alone()
    {
        var pool = await PoolAsync(
            (_, argument) => new FakeTensor([.. ((FakeTensor)argument!).Rows.AsEnumerable().Reverse()]),
            s => s with { Batching = new BatchingSettings { MaxRows = 2 } },
            new FakeCodec());
        await Task.WhenAll(pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2))).WaitAsync(Patience);
        // They are answered before their kind is judged.
        await EventuallyAsync(() => Values("zerocopy.batches.fallbacks").Any());
        await pool.CallAsync(new FakeTensor(3)).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal([2, 1], Values("zerocopy.batches.fallbacks"));
        Assert.Empty(Values("zerocopy.batches.rows"));
    }

    [Fact]
    public async Task Instruments_should_trace_a_call_below_its_callers_activity_and_leave_that_current()
    {
        var pool = await PoolAsync((_, argument) => argument);
        using var caller = new Activity("caller").Start();
        await pool.CallAsync(1).WaitAsync(Patience);
        Assert.Same(caller, Activity.Current);
        await pool.CallAsync(2).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(2, _stopped.Count);
        Assert.All(_stopped, call =>
        {
            Assert.Equal($"call {Owner}", call.OperationName);
            Assert.Equal(caller.SpanId, call.ParentSpanId);
            Assert.Equal(ActivityStatusCode.Unset, call.Status);
        });
    }

    [Fact]
    public async Task Instruments_should_mark_the_trace_of_a_failed_call()
    {
        var pool = await PoolAsync((_, _) => throw new FormatException("no digits"));
        await FailsAsync(InferenceFailure.ModelError, pool.CallAsync(1));
        await EndAsync(pool);
        var call = Assert.Single(_stopped);
        Assert.Equal(ActivityStatusCode.Error, call.Status);
        Assert.Equal("ModelError", call.GetTagItem("failure"));
        Assert.Contains("no digits", call.StatusDescription, StringComparison.Ordinal);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _meters.Dispose();
        _activities.Dispose();
    }

    private IEnumerable<double> Values(string instrument) => _measured.Where(m => m.Instrument == instrument).Select(m => m.Value);

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? owner = null;
        string? failure = null;
        foreach (var (key, tag) in tags)
        {
            owner = key == "owner" ? tag as string : owner;
            failure = key == "failure" ? tag as string : failure;
        }

        if (owner == Owner)
        {
            _measured.Enqueue((instrument.Name, value, failure));
        }
    }

    private Task<InferencePool> PoolAsync(
        ZeroCopy.Runtime.ModelFunction function, Func<PoolSettings, PoolSettings>? configure = null, FakeCodec? codec = null) =>
        PoolAsync(function, 1, configure, codec, _name);
}
