using System.Collections.Concurrent;
using TorchSharp;
using ZeroCopy.Calling;
using ZeroCopy.Shims;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Pipelines;

/// <summary>
/// A pipeline of this process's own around shared weights, from which every load makes a copy. Never handed out, never called, only
/// read after it was made. A load holds it, see <see cref="Holds"/>. Thread-safe.
/// </summary>
internal sealed class PipelineTemplate : IDisposable
{
    private readonly object _root;
    private readonly TemplateTensors? _tensors;
    private readonly Holds _holds;
    private readonly ConcurrentDictionary<IDisposable, bool> _leases = new();

    /// <param name="root">The pipeline or module, owned by the template from here on.</param>
    /// <param name="modules">The modules in it.</param>
    /// <param name="tensors">The tensors in it outside of modules; null where there are none.</param>
    public PipelineTemplate(object root, IReadOnlyList<TemplateModule> modules, TemplateTensors? tensors)
    {
        _root = root;
        _tensors = tensors;
        _holds = new Holds($"The wrapped {root.GetType()}", Free);
        Modules = modules;
    }

    /// <summary>The modules in the template.</summary>
    public IReadOnlyList<TemplateModule> Modules { get; }

    /// <summary>A copy whose modules run in this process, each around the shared weights.</summary>
    /// <exception cref="ObjectDisposedException">The wrapper was unloaded, or its host has ended.</exception>
    public LoadedObject Load(Func<TemplateModule, torch.nn.Module> materialise) => _holds.Use(() => Copy(materialise, static _ => true));

    /// <summary>A copy whose wrapped modules are shims; the others run in this process.</summary>
    /// <exception cref="ObjectDisposedException">The wrapper was unloaded, or its host has ended.</exception>
    public LoadedObject LoadShims(
        Type declaredRoot,
        IReadOnlyCollection<string> methods,
        Func<TemplateModule, ITaskCalls> calls,
        Func<TemplateModule, torch.nn.Module> materialise) =>
        _holds.Use(() => Copy(
            module => !module.Entry.Wrapped ? materialise(module) : SharedModules.CreateTaskModule(
                new ShimTarget(module.Entry.Paths[0], calls(module), methods),
                module.Type,
                IsStandalone ? [("", declaredRoot)] : module.Places,
                () => materialise(module),
                module.Placeholder),
            static module => !module.Entry.Wrapped));

    /// <summary>Has an object that was loaded hold a lease: until its release, or this template's end.</summary>
    /// <param name="loaded">The object.</param>
    /// <param name="acquire">Leases what the object is made of.</param>
    /// <exception cref="ObjectDisposedException">The wrapper was unloaded, or its host has ended.</exception>
    public void Lease(LoadedObject loaded, Func<IDisposable> acquire) => _holds.Use(() =>
    {
        var lease = acquire();
        _leases.TryAdd(lease, true);
        return loaded.Lease = new ObjectLease(() =>
        {
            _leases.TryRemove(lease, out _);
            lease.Dispose();
        });
    });

    public void Dispose()
    {
        _holds.Close();
        EndLeases();
    }

    /// <summary>Disposes what stands in a template.</summary>
    public static void Free(IEnumerable<TemplateModule> modules, TemplateTensors? tensors)
    {
        foreach (var module in modules)
        {
            ModuleDisposal.Release(module.Placeholder);
        }

        tensors?.Dispose();
    }

    private void EndLeases()
    {
        foreach (var lease in _leases.Keys)
        {
            lease.Dispose();
        }
    }

    private void Free()
    {
        // Once more: a load that was on its way has one of its own now.
        EndLeases();
        Free(Modules, _tensors);
        if (!IsStandalone)
        {
            // What was copied with the pipeline beside its modules, such as the module that a delegate is bound to.
            OwnedParts.Dispose(_root);
        }
    }

    private bool IsStandalone => _root is torch.nn.Module;

    /// <param name="replacement">Makes what takes the place of a module.</param>
    /// <param name="isHere">Whether that is the module itself, of which another one can be a part, and no shim.</param>
    private LoadedObject Copy(Func<TemplateModule, torch.nn.Module> replacement, Func<TemplateModule, bool> isHere)
    {
        var here = Modules.Where(isHere).Select(module => module.Placeholder).ToHashSet();
        var parts = Modules.ToLookup(module => module.Part is { } part && here.Contains(module.Placeholder) && here.Contains(part.Outer));
        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        var modules = new List<torch.nn.Module>();
        IReadOnlyCollection<torch.Tensor> tensors = [];
        try
        {
            foreach (var module in parts[false])
            {
                var made = replacement(module);
                given[module.Placeholder] = made;
                modules.Add(made);
            }

            foreach (var module in parts[true])
            {
                given[module.Placeholder] = module.Part!.In((torch.nn.Module)given[module.Part.Outer]);
            }

            tensors = _tensors?.AddCopies(given) ?? [];
            return new LoadedObject(ObjectGraph.Clone(_root, given), modules, tensors);
        }
        catch
        {
            LoadedObject.Release(modules, tensors);
            throw;
        }
    }
}
