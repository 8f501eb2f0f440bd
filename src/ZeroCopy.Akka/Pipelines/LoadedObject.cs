using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Skeletons;

namespace ZeroCopy.Pipelines;

/// <summary>An object that a wrapper gave out, with the modules that were made for it alone. Thread-safe.</summary>
internal sealed class LoadedObject
{
    // Whoever holds the object holds this entry; one that is dropped unreleased takes it along.
    private static readonly ConditionalWeakTable<object, LoadedObject> Known = [];

    private readonly IReadOnlyCollection<torch.nn.Module> _modules;
    private int _released;

    /// <summary>Takes note of an object.</summary>
    /// <param name="root">The pipeline or module.</param>
    /// <param name="modules">What was made for it; the root itself where it is a module.</param>
    public LoadedObject(object root, IReadOnlyCollection<torch.nn.Module> modules)
    {
        Root = root;
        _modules = modules;
        Known.Add(root, this);
    }

    public object Root { get; }

    /// <summary>The wrapper that it was loaded from.</summary>
    public ModelWrapper? Origin { get; set; }

    /// <summary>What is known of an object; null where no wrapper gave it out.</summary>
    public static LoadedObject? Of(object root) => Known.TryGetValue(root, out var loaded) ? loaded : null;

    /// <summary>Disposes the modules of an object and the tensors around them; false where no wrapper gave it out. Idempotent.</summary>
    public static bool Release(object root)
    {
        if (Of(root) is not { } loaded)
        {
            return false;
        }

        if (Interlocked.Exchange(ref loaded._released, 1) == 0)
        {
            foreach (var module in loaded._modules)
            {
                ModuleDisposal.Release(module);
            }

            foreach (var part in ModuleCloner.TakeOwned(root))
            {
                part.Dispose();
            }
        }

        return true;
    }
}
