using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Pipelines;

/// <summary>An object that a wrapper gave out, with the modules that were made for it alone. Thread-safe.</summary>
internal sealed class LoadedObject
{
    // Whoever holds the object holds this entry; one that is dropped unreleased takes it along.
    private static readonly ConditionalWeakTable<object, LoadedObject> Known = [];

    private readonly IReadOnlyCollection<torch.nn.Module> _modules;
    private readonly IReadOnlyCollection<torch.Tensor> _tensors;
    private int _released;

    /// <summary>Takes note of an object.</summary>
    /// <param name="root">The pipeline or module.</param>
    /// <param name="modules">The modules that were made for it; the root itself where it is a module.</param>
    /// <param name="tensors">The tensors that were made for it, beside those of modules.</param>
    public LoadedObject(object root, IReadOnlyCollection<torch.nn.Module> modules, IReadOnlyCollection<torch.Tensor> tensors)
    {
        Root = root;
        _modules = modules;
        _tensors = tensors;
        Known.Add(root, this);
    }

    public object Root { get; }

    /// <summary>What it was loaded from: its wrapper.</summary>
    public object? Origin { get; set; }

    /// <summary>Keeps the object's models in the store until it is released or dropped; null where its owner does.</summary>
    public ObjectLease? Lease { get; set; }

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
            Release(loaded._modules, loaded._tensors);
            OwnedParts.Dispose(root);
            loaded.Lease?.Dispose();
        }

        return true;
    }

    /// <summary>Disposes what was made for an object.</summary>
    public static void Release(IEnumerable<torch.nn.Module> modules, IEnumerable<torch.Tensor> tensors)
    {
        foreach (var module in modules)
        {
            ModuleDisposal.Release(module);
        }

        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
