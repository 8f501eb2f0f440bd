using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Suites.Fleet;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Wake;

/// <summary>
/// The first answer of a model that was scaled to zero, against the next one: a small script, and BERT-base, called by a client outside of
/// the cluster.
/// </summary>
internal sealed class WakeSuite : IBenchSuite
{
    private const int Rounds = 9;
    private const int Width = 64;
    private const int Tokens = 32;
    private const string Bert = "bert";

    public string Name => "wake";

    public string Description => "the first answer of a model that was scaled to zero, against a warm one";

    public IReadOnlyList<WorkerVerb> Verbs => [Put];

    /// <summary>Puts both into the store of a node.</summary>
    private static WorkerVerb Put { get; } = new("wake-put", async (worker, _, cancellationToken) =>
    {
        var node = WorkerNode.Of(worker);
        await FleetModels.PutAsync(node.Host.Runtime, node.Folder, 0, Width, cancellationToken).ConfigureAwait(false);
        var module = BenchModels.Bert();
        await node.Host.Runtime.PutAsync(
            module,
            new PutModuleOptions
            {
                Put = new PutOptions { Name = new ModelName(Bert) },
                Recipe = new Recipe.Catalog(BertModel.CatalogKey, "{}"),
            },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        return "";
    });

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var hocon = NodeProcess.Hocon("cluster") + "zerocopy.inference.idle-timeout = 500ms";
        var node = await NodeProcess.StartAsync(directory.Root, hocon, Put.With(), null, cancellationToken).ConfigureAwait(false);
        await using (node.ConfigureAwait(false))
        {
            var outside = await OutsideClient.ConnectAsync([node.Address], NodeProcess.DefaultFrame, cancellationToken)
                .ConfigureAwait(false);
            await using (outside.ConfigureAwait(false))
            {
                var row = HostTensor.From<float>(DType.Float32, new float[Width], 1, Width);
                var tokens = HostTensor.From<long>(DType.Int64, new long[Tokens], 1, Tokens);
                return
                [
                    await MeasureAsync("small", FleetModels.Name(0), new NamedTensor("x", row)).ConfigureAwait(false),
                    await MeasureAsync(Bert, Bert, new NamedTensor("input_ids", tokens)).ConfigureAwait(false),
                ];

                async Task<BenchResult> MeasureAsync(string subject, string name, NamedTensor input)
                {
                    progress.Report($"wake: {Rounds} rounds of {subject}");
                    var model = await KnownModel.FindAsync(outside.Client, name, cancellationToken).ConfigureAwait(false);
                    var (first, warm) = await Interleaved.SampleAsync(
                        Rounds,
                        async () =>
                        {
                            await node.Process.AskAsync(FleetModels.Idle.With(), cancellationToken).ConfigureAwait(false);
                            return await Interleaved.MillisecondsAsync(CallAsync).ConfigureAwait(false);
                        },
                        () => Interleaved.MillisecondsAsync(CallAsync),
                        cancellationToken).ConfigureAwait(false);
                    return BenchResult.OfCost("first answer behind zero", subject, "ms", first, "a warm one", warm);

                    async Task CallAsync() =>
                        (await model.CallAsync("", [input], null, cancellationToken).ConfigureAwait(false)).Dispose();
                }
            }
        }
    }
}
