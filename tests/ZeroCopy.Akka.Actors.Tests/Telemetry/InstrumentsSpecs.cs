using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Akka.Actor;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Telemetry;

/// <summary>What a listener hears of a pool. Instruments belong to the process, so each spec listens for a pool of its own name.</summary>
public sealed class InstrumentsSpecs : PoolSpec
{
    private readonly string _name = $"spec-{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<(string Instrument, double Value, string? Failure)> _measured = new();
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ConcurrentDictionary<string, double> _leases = new();
    private readonly ConcurrentDictionary<string, string> _stores = new();
    private readonly ConcurrentDictionary<string, double> _sizes = new();
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
                if (Equals(activity.GetTagItem("model"), _name))
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
            (_, argument) => argument is "bad"
                ? throw new FormatException("no digits")
                : Blocked(0, argument), s => s with { QueueCapacity = 1 });
        await FailsAsync(InferenceFailure.ModelError, pool.CallAsync("bad"));
        await EventuallyAsync(() => pool.Pending == 0);
        await FailsAsync(InferenceFailure.DeadlineExceeded, pool.CallAsync("late", new CallOptions { Deadline = TimeSpan.Zero }));
        var running = pool.CallAsync("running");
        await FailsAsync(InferenceFailure.Overloaded, pool.CallAsync("one too many"));
        Gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(
            ["ModelError", "DeadlineExceeded", "Overloaded"],
            _measured.Where(m => m.Instrument == "zerocopy.calls.failed").Select(m => m.Failure));
        Assert.Equal(0, Values("zerocopy.calls.pending").Sum());
        // The refused call took no time of anybody.
        Assert.Equal(3, Values("zerocopy.calls.duration").Count());
    }

    [Fact]
    public async Task Instruments_should_count_the_rows_of_joined_calls()
    {
        var pool = await PoolAsync(
            (_, argument) => new FakeTensor(((FakeTensor)argument!).Rows),
            s => s with { Batching = new BatchingSettings { Adaptive = false, MaxRows = 3, Verify = false } },
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
            s => s with { Batching = new BatchingSettings { Adaptive = false, MaxRows = 2 } },
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
        Assert.Equal(2, Traces("call").Count);
        Assert.All(Traces("call"), call =>
        {
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
        var call = Assert.Single(Traces("call"));
        Assert.Equal(ActivityStatusCode.Error, call.Status);
        Assert.Equal("ModelError", call.GetTagItem("error.type"));
        Assert.Contains("no digits", call.StatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instruments_should_tell_the_wait_from_the_models_own_time()
    {
        var pool = await PoolAsync((_, argument) =>
        {
            Clock.Advance(TimeSpan.FromSeconds((int)argument!));
            return argument;
        });
        var first = pool.CallAsync(2);
        var second = pool.CallAsync(3);
        await Task.WhenAll(first, second).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(2, Values("zerocopy.calls.queue").Count());
        Assert.Equal([2, 3], Values("zerocopy.runs.duration"));
        Assert.Equal(Values("zerocopy.calls.duration").Sum(), Values("zerocopy.calls.queue").Sum() + 5);
    }

    [Fact]
    public async Task Instruments_should_trace_the_wait_and_the_run_below_the_call_and_what_the_function_starts_below_the_run()
    {
        using var inside = new ActivitySource(_name);
        ActivityContext function = default;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == _name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                function = options.Parent;
                return ActivitySamplingResult.AllData;
            },
        };
        ActivitySource.AddActivityListener(listener);
        var pool = await PoolAsync((_, argument) =>
        {
            inside.StartActivity("inside")?.Dispose();
            return argument;
        });
        await pool.CallAsync(1).WaitAsync(Patience);
        await EndAsync(pool);
        var call = Assert.Single(Traces("call"));
        Assert.Equal(call.SpanId, Assert.Single(Traces("queue")).ParentSpanId);
        var run = Assert.Single(Traces("compute"));
        Assert.Equal(call.SpanId, run.ParentSpanId);
        Assert.Equal(run.SpanId, function.SpanId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Instruments_should_trace_the_parts_of_a_call_unless_a_sampler_left_it_out(bool isTraced)
    {
        var telemetry = new ModelTelemetry(_name);
        using var call = new Activity("call") { IsAllDataRequested = isTraced }.Start();

        telemetry.Waited(TimeSpan.Zero, call);
        telemetry.StartCompute(call)?.Dispose();
        telemetry.StartBatch([call], 1)?.Dispose();

        Assert.Equal(isTraced ? ["queue", "compute", "batch"] : [], _stopped.Select(trace => trace.OperationName.Split(' ')[0]));
    }

    [Fact]
    public async Task Instruments_should_link_a_batch_with_its_calls()
    {
        var pool = await PoolAsync(
            (_, argument) => new FakeTensor(((FakeTensor)argument!).Rows),
            s => s with { Batching = new BatchingSettings { Adaptive = false, MaxRows = 3, Verify = false } },
            new FakeCodec());
        await Task.WhenAll(pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2, 3))).WaitAsync(Patience);
        await EndAsync(pool);
        var calls = Traces("call");
        var batch = Assert.Single(Traces("batch"));
        Assert.Equal(calls.Select(call => call.SpanId).ToHashSet(), batch.Links.Select(link => link.Context.SpanId).ToHashSet());
        Assert.All(calls, call => Assert.Equal(batch.SpanId, Assert.Single(call.Links).Context.SpanId));
        Assert.Equal(batch.SpanId, Assert.Single(Traces("compute")).ParentSpanId);
        Assert.Equal(2, Traces("queue").Count);
    }

    [Fact]
    public async Task Instruments_should_count_the_actors_of_a_pool_until_it_ends()
    {
        var pool = await PoolAsync((_, argument) => argument, s => s with { Size = 2, QueueCapacity = 17 });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        Observe();
        Assert.Equal([2, 0], Values("zerocopy.actors"));
        Assert.Equal([17], Values("zerocopy.calls.capacity"));
        await EndAsync(pool);
        _measured.Clear();
        Observe();
        Assert.Empty(Values("zerocopy.actors"));
    }

    [Fact]
    public async Task Instruments_should_count_the_leases_of_the_store_by_holder()
    {
        using var directory = new TemporaryDirectory();
        var store = Zero.OpenStore(new ObjectStoreOptions { Directory = directory.File("store"), TimeProvider = Clock });
        var model = await store.PutAndAcquireAsync(SharedModel.Content(1, 4096), $"behind {_name}");
        Source = new FakeSource { OnLease = name => model.Share(name) };
        var pool = await PoolAsync((_, argument) => argument, s => s with { Size = 2 });
        await EventuallyAsync(() => pool.ReadyActors == 2);

        Assert.Equal(2, Leases(Owner));
        Assert.Equal(1, Leases($"behind {_name}"));

        await EndAsync(pool);
        model.Dispose();
        Assert.Equal(0, Leases(Owner) + Leases($"behind {_name}"));
    }

    [Fact]
    public async Task Instruments_should_call_a_model_without_a_name_by_its_id()
    {
        using var directory = new TemporaryDirectory();
        var store = Zero.OpenStore(new ObjectStoreOptions { Directory = directory.File("store"), TimeProvider = Clock });
        // Weights that no other spec has: a process measures the stores of all of them.
        using var model = await store.PutAndAcquireAsync(SharedModel.Content(_name.GetHashCode(), 4096), $"behind {_name}");

        Observe();

        var bytes = Assert.Single(store.GetSharing()).Bytes;
        Assert.Equal(bytes, _sizes[model.Handle.Id.ToString()[..12]]);
    }

    [Fact]
    public async Task Instruments_should_name_each_holder_as_the_stores_actor_does()
    {
        using var directory = new TemporaryDirectory();
        var store = Zero.OpenStore(new ObjectStoreOptions { Directory = directory.File("store"), TimeProvider = Clock });
        using var model = await store.PutAndAcquireAsync(SharedModel.Content(1, 4096), $"behind {_name}");
        Source = new FakeSource { OnLease = name => model.Share(name) };
        var pool = await PoolAsync((_, argument) => argument, s => s with { Size = 2 });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        var asked = new StoreRequest.Acquire(model.Handle.Id, TestActor);
        Assert.IsType<StoreReply.Leased>(await Zero.ObjectStore.Ask<StoreReply>(asked, Patience));

        var answer = Assert.IsType<StoreReply.Counted>(await Zero.ObjectStore.Ask<StoreReply>(StoreRequest.Stat.Instance, Patience));

        (string, double)[] holders =
            [(TestActor.Path.ToStringWithAddress(), 1), ($"behind {_name}", 1), (Owner, 2)];
        Assert.Equal(holders.Order(), answer.Statistics.Holders.Select(lease => (lease.Holder, (double)lease.Leases)).Order());
        Assert.Equal(holders, holders.Select(holder => (holder.Item1, Leases(holder.Item1))));
        await EndAsync(pool);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Instruments_should_measure_the_other_stores_when_one_is_closed_or_its_directory_is_gone(bool close)
    {
        Skip.If(!close && OperatingSystem.IsWindows(), "A directory that is used cannot be deleted there.");
        using var directory = new TemporaryDirectory();
        using var lost = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.File("lost") });
        using var observed = ObservedStores.Add(lost);
        var other = Zero.OpenStore(new ObjectStoreOptions { Directory = directory.File("other"), TimeProvider = Clock });
        using var lease = await other.PutAndAcquireAsync(SharedModel.Content(1, 4096), $"other {_name}");
        if (close)
        {
            lost.Dispose();
        }
        else
        {
            // With a change that the other one has not seen.
            using var second = ObjectStore.Open(lost.Options);
            await second.PutAsync(SharedModel.Content(2, 64));
            Directory.Delete(directory.File("lost"), recursive: true);
        }

        Assert.Equal(1, Leases($"other {_name}"));
        Assert.Contains(directory.File("other"), _stores.Keys);
        Assert.DoesNotContain(directory.File("lost"), _stores.Keys);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _meters.Dispose();
        _activities.Dispose();
    }

    private IEnumerable<double> Values(string instrument) => _measured.Where(m => m.Instrument == instrument).Select(m => m.Value);

    private List<Activity> Traces(string kind) => [.. _stopped.Where(trace => trace.OperationName == $"{kind} {_name}")];

    /// <summary>Asks what is counted only when somebody asks; each holder of leases, those of other specs too, is told of once.</summary>
    private void Observe()
    {
        _leases.Clear();
        _stores.Clear();
        _sizes.Clear();
        _meters.RecordObservableInstruments();
    }

    private double Leases(string holder)
    {
        Observe();
        return _leases.GetValueOrDefault(holder);
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? model = null;
        string? failure = null;
        foreach (var (key, tag) in tags)
        {
            model = key == "model" ? tag as string : model;
            failure = key == "error.type" ? tag as string : failure;
            if (key == "holder")
            {
                Assert.True(_leases.TryAdd((string)tag!, value));
            }
            else if (key == "store")
            {
                _stores[(string)tag!] = instrument.Name;
            }
        }

        if (model is not null && instrument.Name == "zerocopy.store.model.size")
        {
            _sizes.AddOrUpdate(model, value, (_, sum) => sum + value);
        }

        if (model == _name)
        {
            _measured.Enqueue((instrument.Name, value, failure));
        }
    }

    private Task<InferencePool> PoolAsync(
        ZeroCopy.Runtime.ModelFunction function, Func<PoolSettings, PoolSettings>? configure = null, FakeCodec? codec = null) =>
        PoolAsync(function, 1, configure, codec, _name);
}
