using System.Text.Json;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Models;

/// <summary>Four checkpoints of BERT, each put under three names, as a service has them that serves its models to several groups.</summary>
internal static class TwelveModels
{
    /// <summary>Different models among the twelve.</summary>
    public const int Checkpoints = 4;

    private static readonly string[] Groups = ["en", "es", "zh"];

    /// <summary>The names, all of the first group before those of the next.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. from @group in Groups
           from checkpoint in Enumerable.Range(0, Checkpoints)
           select $"{@group}-{checkpoint}",
    ];

    /// <summary>Which of the checkpoints a model is.</summary>
    public static int CheckpointOf(int model) => model % Checkpoints;

    /// <summary>Puts all of them; returns the bytes of the store, and what a copy for each name would take.</summary>
    /// <param name="host">Whose store they go to.</param>
    /// <param name="configuration">The shapes.</param>
    /// <param name="made">Told of each checkpoint, by its number; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(long Used, long Separate)> PutAsync(
        ZeroCopyHost host, BertConfiguration configuration, Action<int, BertModel>? made = null,
        CancellationToken cancellationToken = default)
    {
        var separate = 0L;
        for (var checkpoint = 0; checkpoint < Checkpoints; checkpoint++)
        {
            var module = BenchModels.Bert(configuration);
            made?.Invoke(checkpoint, module);
            foreach (var (_, name) in Names.Index().Where(model => CheckpointOf(model.Index) == checkpoint))
            {
                var options = new PutModuleOptions
                {
                    Put = new PutOptions { Name = new ModelName(name) },
                    Recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(configuration)),
                };
                var handle = await host.Runtime.PutAsync(module, options, cancellationToken: cancellationToken).ConfigureAwait(false);
                separate += handle.Bytes;
            }

            ModuleDisposal.Release(module);
        }

        return (host.Store.GetStatistics().UsedBytes, separate);
    }
}
