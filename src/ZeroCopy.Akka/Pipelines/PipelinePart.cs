using TorchSharp;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Pipelines;

/// <summary>
/// Builds one module of a pipeline that only a factory of the whole can build. The pipeline that is built already has the first; each
/// further one costs a pipeline of its own, whose other modules are released, but for those that are part of it. Thread-safe.
/// </summary>
/// <param name="factory">Builds a pipeline.</param>
/// <param name="declaredType">What the receiver declares it as.</param>
/// <param name="first">The module of the pipeline that is built already.</param>
/// <param name="isApart">
/// Whether that module has no part in common with another one of its pipeline, see <see cref="Entangled"/>: who takes a module frees it
/// with its parts.
/// </param>
internal sealed class PipelinePart(Func<object> factory, Type declaredType, PipelineSlot first, bool isApart)
{
    private torch.nn.Module? _first = isApart ? (torch.nn.Module)first.Value! : null;

    /// <summary>Those modules that have a module or a tensor in common with another one.</summary>
    public static HashSet<object> Entangled(IEnumerable<torch.nn.Module> modules)
    {
        var parts = modules.Distinct()
            .Select(module => (Module: module, Parts: Parts(module).ToHashSet(ReferenceEqualityComparer.Instance)))
            .ToList();
        var common = parts.SelectMany(module => module.Parts).GroupBy(part => part, ReferenceEqualityComparer.Instance)
            .Where(part => part.Skip(1).Any()).Select(part => part.Key!).ToHashSet(ReferenceEqualityComparer.Instance);
        return parts.Where(module => module.Parts.Overlaps(common)).Select(module => (object)module.Module)
            .ToHashSet(ReferenceEqualityComparer.Instance);
    }

    public torch.nn.Module Build(ModelBuild build)
    {
        if (Interlocked.Exchange(ref _first, null) is { } built)
        {
            return built;
        }

        var modules = PipelineScan.Of(factory(), declaredType).Modules;
        var wanted = (torch.nn.Module)modules.Single(slot => slot.Path == first.Path).Value!;
        ReleaseApart(modules.Select(slot => (torch.nn.Module)slot.Value!).Distinct(), wanted);
        return wanted;
    }

    /// <summary>Releases those modules that have no module and no tensor in common with the one that is kept.</summary>
    private static void ReleaseApart(IEnumerable<torch.nn.Module> modules, torch.nn.Module kept)
    {
        var held = Parts(kept).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var module in modules.Where(module => !Parts(module).Exists(held.Contains)).ToList())
        {
            ModuleDisposal.Release(module);
        }
    }

    // Also what they do not register: it may be what another one registers.
    private static List<object> Parts(torch.nn.Module module)
    {
        List<object> parts = [.. TorchInternals.SelfAndDescendants(module)];
        Answers.ForEach(module, parts.Add, modules: true);
        return parts;
    }
}
