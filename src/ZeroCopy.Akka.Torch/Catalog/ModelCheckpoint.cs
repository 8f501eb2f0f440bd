using System.Collections.Immutable;
using ZeroCopy.Content;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// A folder as Hugging Face's libraries save it, on its way into the store: what the adapter of a model type gets, and what it makes of
/// it. The tensors are read later, piece by piece, and are valid for the put alone; their files are the put's.
/// </summary>
/// <param name="Folder">The folder, for messages.</param>
/// <param name="Configuration">The JSON of <c>config.json</c>, from which each process builds the module.</param>
/// <param name="Tensors">The weights, under the names that the module has them by.</param>
public sealed record ModelCheckpoint(string Folder, string Configuration, IReadOnlyList<TensorSource> Tensors)
{
    /// <summary>Names of tensors of the folder that the model does not use, such as a head's. The model's metadata list them.</summary>
    public ImmutableArray<string> LeftOut { get; init; } = [];

    /// <summary>
    /// The same tensors under the module's names, further names of tied ones included. One without any name left is left out, and listed
    /// so.
    /// </summary>
    /// <param name="rename">The module's name for a name of the folder; null for one that the module does not have.</param>
    /// <exception cref="InvalidModelException">Two tensors get the same name.</exception>
    public ModelCheckpoint Rename(Func<string, string?> rename)
    {
        ArgumentNullException.ThrowIfNull(rename);
        var renamed = new List<TensorSource>();
        var leftOut = new List<string>();
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tensor in Tensors)
        {
            var names = new List<string>();
            foreach (var name in tensor.Aliases.Prepend(tensor.Name))
            {
                if (rename(name) is not { } own)
                {
                    continue;
                }

                if (!given.TryAdd(own, name))
                {
                    throw new InvalidModelException(
                        $"{Folder}: tensors '{given[own]}' and '{name}' are both {own}; remove one of them.");
                }

                names.Add(own);
            }

            if (names.Count == 0)
            {
                leftOut.Add(tensor.Name);
            }
            else
            {
                renamed.Add(new RenamedTensor(names[0], tensor, [.. names.Skip(1)]));
            }
        }

        return this with { Tensors = renamed, LeftOut = [.. LeftOut, .. leftOut] };
    }
}
