using ZeroCopy.Manifests;

namespace ZeroCopy.Torch.Modules;

/// <summary>Stored tensors by what modules call them.</summary>
internal static class EntryNames
{
    /// <summary>Each entry under all of its names.</summary>
    public static Dictionary<string, TensorEntry> ByName(this IEnumerable<TensorEntry> entries) =>
        entries.SelectMany(entry => entry.Aliases.Prepend(entry.Name), (entry, name) => (name, entry)).ToDictionary();
}
