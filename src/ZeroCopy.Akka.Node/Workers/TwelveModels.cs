using ZeroCopy.Manifests;
using ZeroCopy.Node.Bench;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Node.Workers;

/// <summary>Four checkpoints of BERT-base, each put under three names, as a service has them that serves one model for several tasks.</summary>
internal static class TwelveModels
{
    private const int Checkpoints = 4;
    private static readonly string[] Tasks = ["classify", "answer", "embed"];

    /// <summary>Puts all of them; gives the bytes of the store, and what a copy for each name would take.</summary>
    public static async Task<(long Used, long Separate)> PutAsync(ZeroCopyHost host, CancellationToken cancellationToken)
    {
        var separate = 0L;
        for (var checkpoint = 1; checkpoint <= Checkpoints; checkpoint++)
        {
            var module = BenchModels.Bert();
            foreach (var task in Tasks)
            {
                var options = new PutModuleOptions
                {
                    Put = new PutOptions { Name = new ModelName($"{task}-{checkpoint}") },
                    Recipe = new Recipe.Catalog(BertModel.CatalogKey, "{}"),
                };
                separate += (await host.Runtime.PutAsync(module, options, cancellationToken: cancellationToken).ConfigureAwait(false)).Bytes;
            }

            ModuleDisposal.Release(module);
        }

        return (host.Store.GetStatistics().UsedBytes, separate);
    }
}
