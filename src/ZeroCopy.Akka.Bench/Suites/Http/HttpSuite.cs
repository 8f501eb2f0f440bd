using System.Diagnostics;
using System.Runtime;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Endpoints;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>
/// Calls of a pool by the ways that a node offers, client and server in this process: time of one call against that of a direct pool call,
/// calls per second against a server that only sends the same bytes back, and what a call allocates.
/// </summary>
internal sealed class HttpSuite : IBenchSuite
{
    private const int Rounds = 7;
    private const int LatencyCalls = 2000;
    private const int RateRounds = 35;
    private const int RateCalls = 1200;
    private const int ObservedRounds = 11;

    // Many in a round: what a telemetry SDK sets up when it begins to listen is no cost of a call.
    private const int ObservedCalls = 12_000;
    private const int MostWarmRounds = 50;
    private const int AllocationCalls = 400;
    private const int PayloadBytes = 64 << 20;
    private const int PayloadCalls = 20;
    private static readonly int[] Concurrencies = [1, 8, 64];

    public string Name => "http";

    public string Description => "calls of a pool over HTTP and gRPC, against direct calls and a server that only echoes";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            var model = BenchModels.Small();
            var pool = await StartPoolAsync(host, model, cancellationToken).ConfigureAwait(false);
            var server = await BenchServer.StartAsync(pool, new NoModel("nothing"), cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                List<BenchResult> results =
                [
                    .. await LatencyAsync(pool, server, progress, cancellationToken).ConfigureAwait(false),
                    .. await RateAsync(pool, server, progress, cancellationToken).ConfigureAwait(false),
                    await AllocationAsync(server, progress, cancellationToken).ConfigureAwait(false),
                    .. await PayloadAsync(server, progress, cancellationToken).ConfigureAwait(false),
                    await ObservedAsync(pool, server, progress, cancellationToken).ConfigureAwait(false),
                ];
                ModuleDisposal.Release(model);
                return results;
            }
        }
    }

    /// <summary>4 KB of input, one call after the other.</summary>
    private static async Task<IReadOnlyList<BenchResult>> LatencyAsync(
        IModelEndpoint pool, BenchServer server, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var direct = new PoolWay(pool, rows: 8);
        var results = new List<BenchResult>();
        foreach (var way in server.Ways(pool.Name, direct.Values, direct.Shape))
        {
            progress.Report($"http: latency, {way.Name}");
            var (value, baseline) = await Interleaved.SampleAsync(
                Rounds,
                () => MedianAsync(way, cancellationToken),
                () => MedianAsync(direct, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            results.Add(BenchResult.OfCost("latency", $"{way.Name}, 4 KB", "us", value, "direct pool call", baseline));
        }

        return results;
    }

    /// <summary>
    /// One row of input, so many calls at a time. What the pool takes by itself, and the server without it, tell where the time goes.
    /// </summary>
    private static async Task<IReadOnlyList<BenchResult>> RateAsync(
        IModelEndpoint pool, BenchServer server, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var direct = new PoolWay(pool, rows: 1);
        var echo = new EchoWay(server, direct.Values.Length * sizeof(float));
        var results = new List<BenchResult>();
        var front = server.Ways("nothing", direct.Values, direct.Shape, ", no model").First();
        foreach (var way in server.Ways(pool.Name, direct.Values, direct.Shape).Prepend(front).Prepend(direct))
        {
            foreach (var concurrency in Concurrencies)
            {
                progress.Report($"http: calls per second, {way.Name}, {concurrency} at a time");
                await WarmAsync(way, concurrency, cancellationToken).ConfigureAwait(false);
                await WarmAsync(echo, concurrency, cancellationToken).ConfigureAwait(false);
                var (value, baseline) = await Interleaved.SampleAsync(
                    RateRounds,
                    () => RateAsync(way, concurrency, RateCalls, cancellationToken),
                    () => RateAsync(echo, concurrency, RateCalls, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
                results.Add(BenchResult.OfRate(
                    "throughput", $"{way.Name}, {concurrency} at a time", "calls/s", value, echo.Name, baseline));
            }
        }

        return results;
    }

    /// <summary>One row of input while every metric and trace is recorded, against the same while nobody looks.</summary>
    private static async Task<BenchResult> ObservedAsync(
        IModelEndpoint pool, BenchServer server, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var direct = new PoolWay(pool, rows: 1);
        var way = server.Ways(pool.Name, direct.Values, direct.Shape).First();
        var concurrency = Concurrencies[^1];
        progress.Report($"http: calls per second with metrics and traces, {way.Name}, {concurrency} at a time");
        using (new Observers())
        {
            await WarmAsync(way, concurrency, cancellationToken).ConfigureAwait(false);
        }

        var (value, baseline) = await Interleaved.SampleAsync(
            ObservedRounds,
            async () =>
            {
                using var observers = new Observers();
                return await RateAsync(way, concurrency, ObservedCalls, cancellationToken).ConfigureAwait(false);
            },
            () => RateAsync(way, concurrency, ObservedCalls, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return BenchResult.OfRate(
            "telemetry", $"{way.Name} with metrics and traces, {concurrency} at a time", "calls/s", value, "without", baseline);
    }

    /// <summary>An image of 600 KB to a model that answers with little; the client's share is among it.</summary>
    private static async Task<BenchResult> AllocationAsync(
        BenchServer server, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var pixels = new float[3 * 224 * 224];
        var way = server.Ways("nothing", pixels, [1, 3, 224, 224]).First();
        var echo = new EchoWay(server, pixels.Length * sizeof(float));
        progress.Report("http: bytes allocated for an image");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds, () => AllocatedAsync(way, cancellationToken), () => AllocatedAsync(echo, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        return BenchResult.OfCost("allocation", $"{way.Name}, 600 KB", "KB/call", value, echo.Name, baseline);
    }

    /// <summary>
    /// A large tensor in shared memory to a model that does not look at it, against one copy of it: what of the payload our server touches,
    /// and what a call allocates.
    /// </summary>
    private static async Task<IReadOnlyList<BenchResult>> PayloadAsync(
        BenchServer server, IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (server.Shared("nothing", PayloadBytes, ", no model") is not { } way)
        {
            return [];
        }

        progress.Report("http: a large tensor in shared memory");
        var (from, to) = (new byte[PayloadBytes], new byte[PayloadBytes]);
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => PayloadRateAsync(way.CallAsync, cancellationToken),
            () => PayloadRateAsync(
                _ =>
                {
                    from.CopyTo(to, 0);
                    return Task.CompletedTask;
                },
                cancellationToken),
            cancellationToken).ConfigureAwait(false);
        var (allocated, least) = await Interleaved.SampleAsync(
            Rounds,
            () => AllocatedAsync(way, cancellationToken),
            () => AllocatedAsync(server.Shared("nothing", sizeof(float), "")!, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return
        [
            BenchResult.OfRate("payload", $"{way.Name}, 64 MiB", "GiB/s", value, "one copy", baseline),
            BenchResult.OfCost("allocation", $"{way.Name}, 64 MiB", "KB/call", allocated, "4 bytes", least),
        ];
    }

    private static async Task<double> PayloadRateAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        for (var calls = 0; calls < PayloadCalls; calls++)
        {
            await call(cancellationToken).ConfigureAwait(false);
        }

        return (double)PayloadCalls * PayloadBytes / (1 << 30) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<IModelEndpoint> StartPoolAsync(
        ZeroCopyHost host, TorchSharp.Modules.Sequential model, CancellationToken cancellationToken)
    {
        var handle = await host.Runtime.PutAsync(model, cancellationToken: cancellationToken).ConfigureAwait(false);
        var pool = await host.Actors.CreatePoolAsync(
            "small", host.Runtime.OpenAny(handle), host.Runtime.BinderOf(handle), settings => settings with { Size = 2 })
            .ConfigureAwait(false);
        await pool.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
        return (await host.Endpoints.FindAsync("small", cancellationToken: cancellationToken).ConfigureAwait(false))!;
    }

    private static Task<double> MedianAsync(CallWay way, CancellationToken cancellationToken) =>
        ClosedLoop.MedianAsync(LatencyCalls, () => way.CallAsync(cancellationToken));

    private static Task<double> RateAsync(CallWay way, int concurrency, int calls, CancellationToken cancellationToken) =>
        ClosedLoop.RateAsync(calls, concurrency, () => way.CallAsync(cancellationToken));

    /// <summary>
    /// Calls until the compiler has no more to do: it compiles what runs often again, on the processors that the calls have, and a longer
    /// way has more of that.
    /// </summary>
    private static async Task WarmAsync(CallWay way, int concurrency, CancellationToken cancellationToken)
    {
        var compiled = -1L;
        for (var round = 0; round < MostWarmRounds && compiled != JitInfo.GetCompiledMethodCount(); round++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            await RateAsync(way, concurrency, RateCalls, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<double> AllocatedAsync(CallWay way, CancellationToken cancellationToken)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var call = 0; call < AllocationCalls; call++)
        {
            await way.CallAsync(cancellationToken).ConfigureAwait(false);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / 1024.0 / AllocationCalls;
    }
}
