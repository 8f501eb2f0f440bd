using ArchUnitNET.Domain;

namespace ZeroCopy.Repository.Tests.Layers;

/// <summary>
/// Which namespaces of an architecture use which others, by what their types use: an inner namespace and the one around it are two.
/// </summary>
internal sealed class NamespaceGraph
{
    private readonly ILookup<string, (string Target, string Why)> _uses;

    public NamespaceGraph(Architecture architecture)
    {
        var own = architecture.Types.ToHashSet();
        _uses = own.SelectMany(type => type.Dependencies)
            .Where(use => own.Contains(use.Target) && use.Origin.Namespace.FullName != use.Target.Namespace.FullName)
            .Select(use => (
                Origin: use.Origin.Namespace.FullName,
                Target: use.Target.Namespace.FullName,
                Why: $"{use.Origin.Name} uses {use.Target.Name}"))
            .Distinct()
            .ToLookup(use => use.Origin, use => (use.Target, use.Why));
    }

    /// <summary>One line for each use that is part of a circle, in order; none where there is no circle.</summary>
    public IReadOnlyList<string> Circles()
    {
        var reached = _uses.ToDictionary(origin => origin.Key, origin => Reached(origin.Key));
        return [.. _uses.SelectMany(origin => origin, (origin, use) => (Origin: origin.Key, use.Target, use.Why))
            .Where(use => reached.TryGetValue(use.Target, out var back) && back.Contains(use.Origin))
            .Select(use => $"{use.Origin} -> {use.Target}: {use.Why}")
            .Order(StringComparer.Ordinal)];
    }

    private HashSet<string> Reached(string from)
    {
        var reached = new HashSet<string>();
        var next = new Stack<string>([from]);
        while (next.TryPop(out var origin))
        {
            foreach (var (target, _) in _uses[origin])
            {
                if (reached.Add(target))
                {
                    next.Push(target);
                }
            }
        }

        return reached;
    }
}
