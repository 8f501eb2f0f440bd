using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Tests.Remoting;

/// <summary>Two actor systems over real remoting: the spec's own is the node, the other one the client's.</summary>
public sealed class InferenceClientSpecs() : PoolSpec(Remoting)
{
    private const int FrameBytes = 32_000;
    private const int MaxMessage = 4_000_000;
    private const string Remoting = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, maximum-frame-size = 32000b }
        }
        zerocopy.inference.remoting.max-message = 4000000b
        """;

    private readonly string _pool = $"spec-{Guid.NewGuid():N}";
    private readonly ActorSystem _clients = ActorSystem.Create(
        "client", ConfigurationFactory.ParseString(Remoting).WithFallback(ZeroCopySettings.Reference));

    private Address Node => ((ExtendedActorSystem)Sys).Provider.DefaultAddress;

    [Fact]
    public async Task InferenceClient_should_answer_with_the_tensors_of_the_nodes_pool()
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        var calls = Enumerable.Range(0, 50).Select(i => client.PredictAsync(_pool, [FakeBinder.Wire(i, i + 1)]));
        var answers = await Task.WhenAll(calls).WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, 50).SelectMany(i => new[] { 10 * i, 10 * (i + 1) }), answers.SelectMany(Rows));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_leave_the_callers_memory_when_a_call_is_given_up()
    {
        var holder = new TaskCompletionSource<PredictRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = _clients.ActorOf(Props.Create(() => new HoldingNode(holder)), "zerocopy");
        await node.Ask<ActorIdentity>(new Identify(null), Patience);
        using var client = await InferenceClient.ConnectAsync(
            _clients, ((ExtendedActorSystem)_clients).Provider.DefaultAddress, Patience);
        using var given = new CancellationTokenSource();
        byte[] rented = [1, 2, 3, 4];
        var input = new NamedTensor("x", new HostTensor(new TensorLayout(DType.UInt8, 4), rented));
        var call = client.Endpoint(_pool).CallAsync("", [input], null, given.Token);
        var held = await holder.Task.WaitAsync(Patience);

        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        rented.AsSpan().Fill(9);

        Assert.Equal([1, 2, 3, 4], held.Inputs[0].Data.ToArray());
    }

    [Fact]
    public async Task InferenceClient_should_copy_what_is_larger_than_a_frame_once()
    {
        using var client = await ConnectAsync();
        var bytes = MaxMessage / 2;
        using IMemoryOwner<byte> memory = new PinnedBytes(bytes);
        var input = new NamedTensor("x", new HostTensor(new TensorLayout(DType.UInt8, bytes), memory.Memory));
        var endpoint = client.Endpoint(_pool);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var call = endpoint.CallAsync("", [input]);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, bytes, bytes + (bytes / 2));
        await FailsAsync(InferenceFailure.ModelNotFound, call);
    }

    [Fact]
    public async Task InferenceClient_should_carry_the_callers_trace_to_the_node_and_back_the_times()
    {
        var traces = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = traces.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var pool = await PoolAsync((target, argument) =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(7));
            return Tenfold(target, argument);
        });
        using var client = await ConnectAsync();
        using var caller = new Activity("caller").Start();
        using var answer = await client.Endpoint(_pool).CallAsync("", [FakeBinder.Wire(1)]).WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(TimeSpan.FromMilliseconds(7), answer.Times.Compute);
        var trace = traces.Where(activity => activity.TraceId == caller.TraceId)
            .ToDictionary(activity => (activity.OperationName, activity.Kind));
        var sent = trace[($"predict {_pool}", ActivityKind.Client)];
        var received = trace[($"predict {_pool}", ActivityKind.Server)];
        Assert.Equal(caller.SpanId, sent.ParentSpanId);
        Assert.Equal(sent.SpanId, received.ParentSpanId);
        Assert.Equal(received.SpanId, trace[($"call {_pool}", ActivityKind.Internal)].ParentSpanId);
    }

    [Fact]
    public async Task InferenceClient_should_name_a_pool_that_is_not_there_or_not_for_others()
    {
        using var client = await ConnectAsync();
        var missing = await FailsAsync(InferenceFailure.PoolNotFound, client.PredictAsync("nobody", []));
        Assert.Contains("'nobody'", missing.Message, StringComparison.Ordinal);
        var own = await Zero.CreatePoolAsync(_pool, Source, Tenfold, binder: new FakeBinder());
        await FailsAsync(InferenceFailure.PoolNotFound, client.PredictAsync(_pool, [FakeBinder.Wire(1)]));
        await EndAsync(own);
    }

    [Theory]
    [MemberData(nameof(Inference.InferencePoolSpecs.Deadlines), MemberType = typeof(Inference.InferencePoolSpecs))]
    public async Task InferenceClient_should_take_a_deadline_of_any_length(TimeSpan deadline, bool answered)
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        var call = client.PredictAsync(_pool, [FakeBinder.Wire(3)], new CallOptions { Deadline = deadline });
        if (answered)
        {
            var answer = await call.WaitAsync(Patience);
            Assert.Equal([30], Rows(answer));
        }
        else
        {
            await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_give_the_failures_of_the_node_with_their_kind()
    {
        var pool = await PoolAsync(
            (_, argument) => ((FakeTensor)argument!).Rows[0] < 0
                ? throw new FormatException("no digits")
                : Blocked(0, argument), capacity: 1);
        using var client = await ConnectAsync();
        var thrown = await FailsAsync(InferenceFailure.ModelError, client.PredictAsync(_pool, [FakeBinder.Wire(-1)]));
        Assert.Contains("no digits", thrown.Message, StringComparison.Ordinal);
        Assert.True(thrown.CausedByInput);
        await FailsAsync(InferenceFailure.InvalidInput, client.PredictAsync(_pool, []));
        await EventuallyAsync(() => pool.Pending == 0);
        var running = client.PredictAsync(_pool, [FakeBinder.Wire(1)]);
        await Entered.WaitAsync(Patience);
        await FailsAsync(InferenceFailure.Overloaded, client.PredictAsync(_pool, [FakeBinder.Wire(2)]));
        Gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync(pool);
        await FailsAsync(InferenceFailure.PoolNotFound, client.PredictAsync(_pool, [FakeBinder.Wire(3)]));
    }

    [Fact]
    public async Task InferenceClient_should_fail_a_late_call_here_and_not_run_it_there()
    {
        var runs = new ConcurrentQueue<int>();
        var pool = await PoolAsync((_, argument) =>
        {
            runs.Enqueue(((FakeTensor)argument!).Rows[0]);
            return Blocked(0, argument);
        });
        using var client = await ConnectAsync();
        var running = client.PredictAsync(_pool, [FakeBinder.Wire(1)]);
        await Entered.WaitAsync(Patience);
        var late = client.PredictAsync(_pool, [FakeBinder.Wire(2)], new CallOptions { Deadline = TimeSpan.FromSeconds(1) });
        await EventuallyAsync(() => pool.Pending == 2);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await FailsAsync(InferenceFailure.DeadlineExceeded, late);
        await FailsAsync(InferenceFailure.DeadlineExceeded, client.PredictAsync(_pool, [], new CallOptions { Deadline = TimeSpan.Zero }));
        Gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal([1], runs);
    }

    [Fact]
    public async Task InferenceClient_should_cancel_a_call_here_and_there()
    {
        using var cancelled = new CancelledCalls(_pool);
        var pool = await PoolAsync(Blocked);
        using var client = await ConnectAsync();
        using var cancellation = new CancellationTokenSource();
        var call = client.PredictAsync(_pool, [FakeBinder.Wire(1)], cancellationToken: cancellation.Token);
        await Entered.WaitAsync(Patience);
        await cancellation.CancelAsync();
        await IsCancelledAsync(call, cancellation.Token);
        await EventuallyAsync(() => cancelled.Count == 1);
        Gate.Set();
        await EventuallyAsync(() => pool.Pending == 0);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InferenceClient_should_look_for_a_node_no_longer_than_its_token_lets_it(bool before)
    {
        using var cancellation = new CancellationTokenSource();
        if (before)
        {
            await cancellation.CancelAsync();
        }

        var found = InferenceClient.ConnectAsync(_clients, Node.WithPort(1), Patience, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();

        await IsCancelledAsync(found, cancellation.Token);
    }

    [Fact]
    public async Task Node_should_cancel_the_calls_of_a_client_that_is_gone()
    {
        using var cancelled = new CancelledCalls(_pool);
        var pool = await PoolAsync(Blocked);
        var client = await ConnectAsync();
        var calls = Enumerable.Range(0, 3).Select(i => client.PredictAsync(_pool, [FakeBinder.Wire(i)])).ToArray();
        await EventuallyAsync(() => pool.Pending == 3);
        client.Dispose();
        foreach (var call in calls)
        {
            await FailsAsync(InferenceFailure.ShuttingDown, call);
        }

        await EventuallyAsync(() => cancelled.Count == 3);
        Gate.Set();
        await EventuallyAsync(() => pool.Pending == 0);
        await EndAsync(pool);
        await FailsAsync(InferenceFailure.ShuttingDown, client.PredictAsync(_pool, [FakeBinder.Wire(1)]));
    }

    [Theory]
    [InlineData(FrameBytes)]
    [InlineData(FrameBytes * 40)]
    [InlineData(MaxMessage - 1000)]
    public async Task InferenceClient_should_send_and_receive_what_no_frame_holds(int bytes)
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        var rows = Enumerable.Range(0, bytes / 4).ToArray();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => client.PredictAsync(_pool, [FakeBinder.Wire(rows)])))
            .WaitAsync(Patience);

        foreach (var answer in answers)
        {
            Assert.Equal(rows.Select(row => row * 10), Rows(answer));
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_send_messages_of_every_size_around_that_of_a_frame()
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        for (var bytes = FrameBytes - 1600; bytes < FrameBytes + 400; bytes += 40)
        {
            var answer = await client.PredictAsync(_pool, [FakeBinder.Wire(new int[bytes / 4])]).WaitAsync(Patience);
            Assert.Equal(bytes / 4, Rows(answer).Length);
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_refuse_at_once_what_is_larger_than_may_be_sent()
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        var refused = client.PredictAsync(_pool, [FakeBinder.Wire(new int[MaxMessage / 4])]);
        Assert.True(refused.IsCompleted);
        var failure = await FailsAsync(InferenceFailure.MessageTooLarge, refused);
        Assert.Contains($"{MaxMessage}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("zerocopy.inference.remoting.max-message", failure.Message, StringComparison.Ordinal);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_refuse_more_bytes_than_32_bits_count()
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        // Never touched, so that it takes no memory.
        var half = new HostTensor(
            new TensorLayout(DType.UInt8, [1_200_000_000]), GC.AllocateUninitializedArray<byte>(1_200_000_000));

        var failure = await FailsAsync(
            InferenceFailure.MessageTooLarge, client.PredictAsync(_pool, [new NamedTensor("a", half), new NamedTensor("b", half)]));

        Assert.Contains("2400000000", failure.Message, StringComparison.Ordinal);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Node_should_say_that_an_answer_is_larger_than_may_be_sent()
    {
        var pool = await PoolAsync((_, _) => new FakeTensor(new int[MaxMessage / 4]));
        using var client = await ConnectAsync();
        var failure = await FailsAsync(InferenceFailure.MessageTooLarge, client.PredictAsync(_pool, [FakeBinder.Wire(1)]));
        Assert.Contains("The answer", failure.Message, StringComparison.Ordinal);
        Assert.Contains("zerocopy.inference.remoting.max-message", failure.Message, StringComparison.Ordinal);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Node_should_send_no_parts_to_who_does_not_say_that_he_takes_them_or_takes_one_message_alone(bool saysSo)
    {
        var pool = await PoolAsync((_, _) => new FakeTensor(new int[FrameBytes]));
        var endpoint = _clients.ActorSelection(new RootActorPath(Node) / "user" / "zerocopy" / "predict");
        var reply = await endpoint.Ask<object>(new PredictRequest(_pool, "", [FakeBinder.Wire(4)], TakesParts: saysSo), Patience);
        var failed = Assert.IsType<PredictReply.Failed>(reply);
        Assert.Equal(InferenceFailure.MessageTooLarge, failed.Failure);
        Assert.Contains("akka.remote.dot-netty.tcp.maximum-frame-size", failed.Message, StringComparison.Ordinal);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_go_on_after_a_large_call_was_cancelled()
    {
        var pool = await PoolAsync(Tenfold);
        using var client = await ConnectAsync();
        var rows = new int[MaxMessage / 5];
        using var cancellation = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 8)
            .Select(i => client.PredictAsync(_pool, [FakeBinder.Wire(rows)], cancellationToken: cancellation.Token)).ToArray();
        await cancellation.CancelAsync();
        foreach (var call in calls)
        {
            await Record.ExceptionAsync(() => call);
        }

        Assert.Equal(rows.Length, Rows(await client.PredictAsync(_pool, [FakeBinder.Wire(rows)]).WaitAsync(Patience)).Length);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferenceClient_should_fail_its_calls_when_the_node_ends()
    {
        await PoolAsync(Blocked);
        using var client = await ConnectAsync();
        var call = client.PredictAsync(_pool, [FakeBinder.Wire(1)]);
        await Entered.WaitAsync(Patience);
        // Not drained: the node goes in the middle of the call.
        var ended = Sys.Terminate();
        await FailsAsync(InferenceFailure.Unreachable, call);
        await FailsAsync(InferenceFailure.Unreachable, client.PredictAsync(_pool, [FakeBinder.Wire(2)]));
        Gate.Set();
        await ended.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(0.1)]
    [InlineData(0)]
    [InlineData(-5000)]
    public async Task InferenceClient_should_name_a_node_that_does_not_answer(double milliseconds)
    {
        var nobody = Node.WithPort(1);
        var failure = await FailsAsync(
            InferenceFailure.Unreachable, InferenceClient.ConnectAsync(_clients, nobody, TimeSpan.FromMilliseconds(milliseconds)));
        Assert.Contains(nobody.ToString(), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferenceClient_should_name_no_limit_that_has_not_passed()
    {
        var here = ((ExtendedActorSystem)_clients).Provider.DefaultAddress;
        var failure = await FailsAsync(InferenceFailure.Unreachable, InferenceClient.ConnectAsync(_clients, here, Patience));
        Assert.DoesNotContain("within", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferenceClient_should_find_a_node_within_a_limit_of_any_length()
    {
        foreach (var limit in new[] { Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(60) })
        {
            using var client = await InferenceClient.ConnectAsync(_clients, Node, limit).WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Node_should_answer_a_plain_ask()
    {
        var pool = await PoolAsync(Tenfold);
        var endpoint = _clients.ActorSelection(new RootActorPath(Node) / "user" / "zerocopy" / "predict");
        var reply = await endpoint.Ask<PredictReply>(new PredictRequest(_pool, "", [FakeBinder.Wire(4)]), Patience);
        Assert.Equal([40], Rows(Assert.IsType<PredictReply.Answered>(reply).Outputs));
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task Node_should_answer_who_asks_for_a_version_that_is_none(int version)
    {
        var pool = await PoolAsync(Tenfold);
        var endpoint = _clients.ActorSelection(new RootActorPath(Node) / "user" / "zerocopy" / "predict");

        var predicted = await endpoint.Ask<PredictReply>(new PredictRequest(_pool, "", [FakeBinder.Wire(4)], Version: version), Patience);
        var described = await endpoint.Ask<PredictReply>(new EndpointRequest.Describe(_pool, version), Patience);

        Assert.All(
            (PredictReply[])[predicted, described],
            reply => Assert.Equal(InferenceFailure.PoolNotFound, Assert.IsType<PredictReply.Failed>(reply).Failure));
        await EndAsync(pool);
    }

    protected override void AfterAll()
    {
        Gate.Set();
        _clients.Terminate().Wait(Patience);
        base.AfterAll();
    }

    private static object Tenfold(object target, object? argument) =>
        new FakeTensor([.. ((FakeTensor)argument!).Rows.Select(row => row * 10)]);

    private static int[] Rows(ImmutableArray<NamedTensor> outputs) => Assert.Single(outputs).Tensor.Values<int>().ToArray();

    private Task<InferencePool> PoolAsync(ModelFunction function, int capacity = 100) => Zero.CreatePoolAsync(
        _pool,
        Source,
        function,
        configure: s => s with { Size = 1, QueueCapacity = capacity, Remote = true },
        binder: new FakeBinder());

    private Task<InferenceClient> ConnectAsync() => InferenceClient.ConnectAsync(_clients, Node, Patience, Clock);

    /// <summary>Counts the calls of a pool that end as cancelled on the node.</summary>
    private sealed class CancelledCalls : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _count;

        public CancelledCalls(string pool)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Instruments.SourceName && instrument.Name == "zerocopy.calls.failed")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                var found = tags.ToArray();
                if (found.Contains(new("model", pool)) && found.Contains(new("error.type", nameof(InferenceFailure.Cancelled))))
                {
                    Interlocked.Increment(ref _count);
                }
            });
            _listener.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>A node that keeps the request which it is sent, as a connection does that has not written it yet.</summary>
    private sealed class HoldingNode : ReceiveActor
    {
        public HoldingNode(TaskCompletionSource<PredictRequest> holder) =>
            Context.ActorOf(Props.Create(() => new Predicts(holder)), PredictActor.Name);

        private sealed class Predicts : ReceiveActor
        {
            public Predicts(TaskCompletionSource<PredictRequest> holder) => Receive<PredictRequest>(holder.SetResult);
        }
    }

    /// <summary>Memory that is no array of the collector's to who reads it.</summary>
    private sealed class PinnedBytes(int length) : MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[length];

        public override Span<byte> GetSpan() => _bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => _bytes.AsMemory(elementIndex).Pin();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
