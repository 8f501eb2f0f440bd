using TorchSharp;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Skeletons;

namespace ZeroCopy.Torch;

/// <summary>Complete disposal of modules.</summary>
public static class ModuleDisposal
{
    /// <summary>
    /// Disposes a module with all its native handles; <c>Module.Dispose</c> alone leaves those of linear and convolution layers and of scripts behind.
    /// </summary>
    public static void Release(torch.nn.Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (module is torch.jit.ScriptModule script)
        {
            ScriptLoader.Release(script);
            return;
        }

        if (ModuleCloner.TakeOwned(module) is { Count: > 0 } owned)
        {
            // A clone's native parts are listed; the module itself may hold more than those.
            module.Dispose();
            foreach (var part in owned)
            {
                part.Dispose();
            }

            return;
        }

        var modules = TorchInternals.SelfAndDescendants(module);
        // Dispose leaves out transient buffers, and some of the tensors that a layer holds twice.
        var tensors = ModuleState.Read(module);
        // TorchSharp would ask each script for its parts, see TorchInternals.Children. One that is freed it leaves alone, wherever it finds it.
        modules.ForEach(TorchInternals.RemoveScripts);
        modules.OfType<torch.jit.ScriptModule>().ToList().ForEach(ScriptLoader.Release);
        module.Dispose();
        foreach (var part in modules)
        {
            (TorchInternals.BoxedModule.GetValue(part) as IDisposable)?.Dispose();
            TorchInternals.Handle(part).Dispose();
        }

        foreach (var state in tensors)
        {
            state.Tensor.Dispose();
        }
    }
}
