using TorchSharp;
using ZeroCopy.Shims;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Running;
using ZeroCopy.Torch.Skeletons;

namespace ZeroCopy.Pipelines;

/// <summary>
/// A pipeline of this process's own around shared weights, from which every load makes a copy. Never handed out, never called, only
/// read after it was made. A load holds it, see <see cref="Holds"/>. Thread-safe.
/// </summary>
internal sealed class PipelineTemplate : IDisposable
{
    private readonly object _root;
    private readonly IReadOnlyList<torch.Tensor> _views;
    private readonly Holds _holds;

    public PipelineTemplate(object root, IReadOnlyList<TemplateModule> modules, IReadOnlyList<torch.Tensor> views)
    {
        _root = root;
        _views = views;
        _holds = new Holds($"The wrapped {root.GetType()}", Free);
        Modules = modules;
    }

    /// <summary>The modules in the template.</summary>
    public IReadOnlyList<TemplateModule> Modules { get; }

    /// <summary>A copy whose modules run in this process, each around the shared weights.</summary>
    /// <exception cref="ObjectDisposedException">The wrapper was unloaded, or its host has ended.</exception>
    public LoadedObject Load(Func<TemplateModule, torch.nn.Module> materialise) => _holds.Use(() => Copy(materialise));

    /// <summary>A copy whose wrapped modules are shims; the others run in this process.</summary>
    /// <exception cref="ObjectDisposedException">The wrapper was unloaded, or its host has ended.</exception>
    public LoadedObject LoadShims(
        Type declaredRoot, IReadOnlyCollection<string> methods, Func<TemplateModule, ITaskCalls> calls, Func<TemplateModule, torch.nn.Module> materialise) =>
        _holds.Use(() => Copy(module => !module.Entry.Wrapped ? materialise(module) : SharedModules.StandIn(
            new ShimTarget(module.Entry.Paths[0], calls(module), methods),
            module.Type,
            IsStandalone ? [("", declaredRoot)] : module.Places,
            () => materialise(module),
            module.Placeholder)));

    public void Dispose() => _holds.Close();

    private void Free()
    {
        foreach (var module in Modules)
        {
            ModuleDisposal.Release(module.Placeholder);
        }

        foreach (var view in _views)
        {
            view.Dispose();
        }
    }

    private bool IsStandalone => _root is torch.nn.Module;

    private LoadedObject Copy(Func<TemplateModule, torch.nn.Module> replacement)
    {
        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (var module in Modules)
            {
                given[module.Placeholder] = replacement(module);
            }

            var copy = ObjectGraph.Clone(_root, given);
            return new LoadedObject(copy, [.. given.Values.Cast<torch.nn.Module>()]);
        }
        catch
        {
            foreach (var made in given.Values.Cast<torch.nn.Module>())
            {
                ModuleDisposal.Release(made);
            }

            throw;
        }
    }
}
