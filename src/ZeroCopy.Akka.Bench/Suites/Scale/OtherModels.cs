using System.Globalization;
using ZeroCopy.Bench.Models;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>Small models that fill a store: each has a name and 16 tensors of its own.</summary>
internal static class OtherModels
{
    /// <summary>What one takes in files, at pages of 4 KiB: a segment of three, a manifest, a name.</summary>
    public const long BytesOfOne = 5 * 4096;

    private const int Tensors = 16;
    private const int TensorBytes = 256;

    /// <summary>Puts that many into a store that has none.</summary>
    public static async Task PutAsync(ObjectStore store, int count, CancellationToken cancellationToken)
    {
        for (var model = 0; model < count; model++)
        {
            var content = new ModelContent
            {
                Tensors = [.. Enumerable.Range(model * Tensors, Tensors).Select(index => new RandomTensorSource(index, TensorBytes))],
                Recipe = new Recipe.Weights("bench", ""),
            };
            var name = new ModelName(string.Create(CultureInfo.InvariantCulture, $"model-{model}"));
            await store.PutAsync(content, new PutOptions { Name = name }, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }
}
