using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary>Writes a model's weights to a safetensors file.</summary>
internal static class ModelExport
{
    /// <summary>
    /// A tied tensor is written once, and its other names stand in the metadata as <c>other name: name</c>, which is what
    /// <c>safetensors.torch.save_model</c> writes and <c>load_model</c> reads.
    /// </summary>
    public static void Write(ObjectStore store, ModelId model, string path, IProgress<double> progress, CancellationToken cancellationToken)
    {
        using var lease = store.Acquire(model, "zerocopy export");
        var metadata = lease.Manifest.Metadata.ToDictionary();
        foreach (var tensor in lease.Manifest.Tensors)
        {
            foreach (var alias in tensor.Aliases)
            {
                metadata[alias] = tensor.Name;
            }
        }

        // The format's own writer for PyTorch marks its files so, and transformers refuses a file without the mark.
        metadata.TryAdd("format", "pt");
        var sources = new List<LeasedTensorSource>();
        try
        {
            foreach (var tensor in lease.Manifest.Tensors)
            {
                sources.Add(new LeasedTensorSource(lease, tensor));
            }

            var total = Math.Max(1, sources.Sum(source => source.Layout.ByteLength));
            SafetensorsWriter.Write(path, sources, metadata, new Fraction(progress, total), cancellationToken);
        }
        finally
        {
            sources.ForEach(source => source.Dispose());
        }
    }

    private sealed class Fraction(IProgress<double> inner, long total) : IProgress<long>
    {
        public void Report(long value) => inner.Report((double)value / total);
    }
}
