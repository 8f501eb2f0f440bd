using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A model could not be received from any of its sources; the message says what each of them did.</summary>
public sealed class TransferException(string message) : ZeroCopyException(message)
{
    internal static TransferException Of(ModelId model, IEnumerable<TransferSource> sources) => new(
        $"Model {model} could not be received: {string.Join("; ", sources.Select(source => $"{source.Node} {source.Reason}"))}.");
}
