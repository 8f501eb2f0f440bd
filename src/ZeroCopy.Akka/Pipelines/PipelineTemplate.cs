using TorchSharp;
using ZeroCopy.Shims;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Skeletons;

namespace ZeroCopy.Pipelines;

/// <summary>
/// A pipeline of this process's own around shared weights, from which every load makes a copy. Never handed out, never called. Thread-safe: only
/// read after it was made.
/// </summary>
internal sealed class PipelineTemplate(object root, IReadOnlyList<TemplateModule> modules, IReadOnlyList<torch.Tensor> views) : IDisposable
{
    /// <summary>The modules in the template.</summary>
    public IReadOnlyList<TemplateModule> Modules { get; } = modules;

    /// <summary>A copy whose modules run in this process, each around the shared weights.</summary>
    public LoadedObject Load(Func<TemplateModule, torch.nn.Module> materialise) => Copy(materialise);

    /// <summary>A copy whose wrapped modules are shims; the others run in this process.</summary>
    public LoadedObject LoadShims(
        Type declaredRoot, IReadOnlyCollection<string> methods, Func<TemplateModule, ITaskCalls> calls, Func<TemplateModule, torch.nn.Module> materialise) =>
        Copy(module => !module.Entry.Wrapped ? materialise(module) : ShimFactory.Create(
            new ShimTarget(module.Entry.Paths[0], calls(module), methods),
            module.Type,
            IsStandalone ? [("", declaredRoot)] : module.Places,
            module.Placeholder));

    public void Dispose()
    {
        foreach (var module in Modules)
        {
            ModuleDisposal.Release(module.Placeholder);
        }

        foreach (var view in views)
        {
            view.Dispose();
        }
    }

    private bool IsStandalone => root is torch.nn.Module;

    private LoadedObject Copy(Func<TemplateModule, torch.nn.Module> replacement)
    {
        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (var module in Modules)
            {
                given[module.Placeholder] = replacement(module);
            }

            var copy = ObjectGraph.Clone(root, given);
            // The copy's tensors hold the storages themselves; the template's views must not be collected while they are read.
            GC.KeepAlive(views);
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
