using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Pipelines;

/// <summary>
/// The place of a pipeline's module inside another one of that pipeline: what a load makes of both is one module there too.
/// </summary>
/// <param name="Outer">The placeholder of the module around it.</param>
/// <param name="Names">The names that lead to it from there, one for each level.</param>
internal sealed record ModulePart(torch.nn.Module Outer, IReadOnlyList<string> Names)
{
    /// <summary>The module at that place of another outer one.</summary>
    public torch.nn.Module In(torch.nn.Module outer) => Names.Aggregate(
        outer, static (module, name) => TorchInternals.Children(module).First(child => child.Name == name).Value);

    /// <summary>Notes which modules of a template are parts of others.</summary>
    /// <param name="modules">The template's modules.</param>
    /// <param name="originals">For each what it stands for; null where that is not known.</param>
    public static IReadOnlyList<TemplateModule> Note(IReadOnlyList<TemplateModule> modules, IReadOnlyList<torch.nn.Module?> originals)
    {
        var paths = originals.Select(original => original is null or torch.jit.ScriptModule ? [] : Paths(original)).ToList();
        return [.. modules.Select((module, index) => module with { Part = Find(index) })];

        ModulePart? Find(int index)
        {
            // The outermost one: its parts have no further one around them.
            var outer = originals[index] is not { } original ? -1 : Enumerable.Range(0, modules.Count)
                .Where(other => other != index && paths[other].ContainsKey(original))
                .OrderByDescending(other => paths[other].Count).FirstOrDefault(-1);
            return outer < 0 ? null : new ModulePart(modules[outer].Placeholder, paths[outer][originals[index]!]);
        }
    }

    /// <summary>The way to each module below another one.</summary>
    private static Dictionary<torch.nn.Module, string[]> Paths(torch.nn.Module root)
    {
        var found = new Dictionary<torch.nn.Module, string[]>(ReferenceEqualityComparer.Instance);
        var open = new Queue<(torch.nn.Module Module, string[] Path)>([(root, [])]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (name, child) in TorchInternals.Children(next.Module))
            {
                if (child is not null && !ReferenceEquals(child, root) && found.TryAdd(child, [.. next.Path, name]))
                {
                    open.Enqueue((child, found[child]));
                }
            }
        }

        return found;
    }
}
