using TorchSharp;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// Structural clones of modules: own module objects and managed state, the same storages. A clone is for eval only: its native layers are
/// the prototype's, so training mode, moves and rebinding of a clone would act on all of them. Thread-safe.
/// </summary>
internal static class ModuleCloner
{
    /// <summary>A clone. Dispose it with <see cref="ModuleDisposal.Release"/>.</summary>
    /// <exception cref="ZeroCopy.Errors.CloneRefusedException">
    /// The module holds something that cannot be cloned; it is left as it was.
    /// </exception>
    public static TModule Clone<TModule>(TModule module)
        where TModule : torch.nn.Module
    {
        using var session = new CloneSession(module, privateBuffers: false);
        return (TModule)Run(module, session, module.GetType().Name);
    }

    /// <summary>
    /// Runs a session; whatever it made is freed when it fails, and known to <see cref="OwnedParts.Take"/> when it succeeds.
    /// </summary>
    public static object Run(object root, CloneSession session, string name)
    {
        using var ordinary = OrdinaryTensors.Guard();
        try
        {
            var clone = session.Visit(root, name)!;
            GC.KeepAlive(root);
            OwnedParts.Add(clone, session.Owned);
            return clone;
        }
        catch
        {
            session.Owned.ForEach(made => made.Dispose());
            throw;
        }
    }
}
