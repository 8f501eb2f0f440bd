using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>
/// Calls of a model on a node by a client outside of the cluster: with a small tensor against asks of an actor that sends the same bytes
/// back, and with an image, which goes in parts, against the same where one frame holds it.
/// </summary>
internal sealed class ClusterSuite : IBenchSuite
{
    private const int Rounds = 9;
    private const int SmallCalls = 4000;
    private const int ImageCalls = 300;
    private const int LatencyCalls = 1500;
    private const int Concurrency = 16;
    private const int RaisedFrame = 2_000_000;
    private const int SmallFloats = 1024;
    private static readonly long[] ImageShape = [1, 3, 224, 224];

    public string Name => "cluster";

    public string Description => "calls of a node by a client outside of the cluster, against bare asks of the same bytes";

    public IReadOnlyList<WorkerVerb> Verbs => [EchoModels.Put, Heartbeats.Put];

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        var calls = await RemoteCalls.StartAsync(NodeProcess.DefaultFrame, cancellationToken).ConfigureAwait(false);
        await using (calls.ConfigureAwait(false))
        {
            var raised = await RemoteCalls.StartAsync(RaisedFrame, cancellationToken).ConfigureAwait(false);
            await using (raised.ConfigureAwait(false))
            {
                return
                [
                    .. await SmallAsync(calls, progress, cancellationToken).ConfigureAwait(false),
                    await ImageAsync(calls, raised, progress, cancellationToken).ConfigureAwait(false),
                    await Heartbeats.RunAsync(
                        new NamedTensor("argument_1", HostTensor.From<float>(DType.Float32, Pixels(), ImageShape)), progress,
                        cancellationToken).ConfigureAwait(false),
                ];
            }
        }
    }

    private static async Task<IReadOnlyList<BenchResult>> SmallAsync(
        RemoteCalls calls, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var model = await calls.ModelAsync(EchoModels.Same, new float[SmallFloats], [SmallFloats], cancellationToken).ConfigureAwait(false);
        var echo = calls.Echo(SmallFloats * sizeof(float));
        progress.Report($"cluster: {Rounds} rounds of {SmallCalls} calls with 4 KB, {Concurrency} at a time");
        var (rate, rateOfEcho) = await Interleaved.SampleAsync(
            Rounds,
            () => ClosedLoop.RateAsync(SmallCalls, Concurrency, model),
            () => ClosedLoop.RateAsync(SmallCalls, Concurrency, echo),
            cancellationToken).ConfigureAwait(false);
        progress.Report($"cluster: {Rounds} rounds of {LatencyCalls} calls with 4 KB, one by one");
        var (time, timeOfEcho) = await Interleaved.SampleAsync(
            Rounds,
            () => ClosedLoop.MedianAsync(LatencyCalls, model),
            () => ClosedLoop.MedianAsync(LatencyCalls, echo),
            cancellationToken).ConfigureAwait(false);
        const string Baseline = "ask of an echo";
        return
        [
            BenchResult.OfRate("throughput", "remote-4k", "calls/s", rate, Baseline, rateOfEcho),
            BenchResult.OfCost("latency", "remote-4k", "us", time, Baseline, timeOfEcho),
        ];
    }

    private static async Task<BenchResult> ImageAsync(
        RemoteCalls calls, RemoteCalls raised, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var pixels = Pixels();
        var parts = await calls.ModelAsync(EchoModels.Image, pixels, ImageShape, cancellationToken).ConfigureAwait(false);
        var whole = await raised.ModelAsync(EchoModels.Image, pixels, ImageShape, cancellationToken).ConfigureAwait(false);
        progress.Report($"cluster: {Rounds} rounds of {ImageCalls} calls with an image of 600 KB, {Concurrency} at a time");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => ClosedLoop.RateAsync(ImageCalls, Concurrency, parts),
            () => ClosedLoop.RateAsync(ImageCalls, Concurrency, whole),
            cancellationToken).ConfigureAwait(false);
        return BenchResult.OfRate("throughput", "image", "calls/s", value, "raised frames", baseline);
    }

    private static float[] Pixels() => new float[ImageShape.Aggregate((a, b) => a * b)];
}
