using TorchSharp;

namespace ZeroCopy.Pipelines;

/// <summary>Which of the modules that were found a wrapper is about.</summary>
internal static class AttributeSelection
{
    /// <summary>
    /// The slots at the named attributes or below them, so that <c>Stages</c> means every element of a list; all of them where nothing is
    /// named.
    /// </summary>
    /// <exception cref="ArgumentException">A named attribute holds no module that can be wrapped.</exception>
    public static HashSet<PipelineSlot> Select(IEnumerable<PipelineSlot> slots, WrapRequest request)
    {
        var candidates = slots.Where(slot => !request.ScriptsOnly || slot.Value is torch.jit.ScriptModule).ToList();
        if (request.Attributes is not { } names)
        {
            return [.. candidates];
        }

        var selected = new HashSet<PipelineSlot>();
        foreach (var name in names)
        {
            var below = candidates.Where(slot => IsAtOrBelow(slot.Path, name)).ToList();
            if (below.Count == 0)
            {
                throw new ArgumentException(
                    $"'{name}' is no attribute of {request.DeclaredType} that holds a {(request.ScriptsOnly ? "TorchScript " : "")}module; "
                    + $"there are: {(candidates.Count == 0 ? "none" : string.Join(", ", candidates.Select(slot => slot.Path)))}.",
                    nameof(request));
            }

            selected.UnionWith(below);
        }

        return selected;
    }

    private static bool IsAtOrBelow(string path, string name) =>
        path.StartsWith(name, StringComparison.Ordinal) && (path.Length == name.Length || path[name.Length] is '.' or '[');
}
