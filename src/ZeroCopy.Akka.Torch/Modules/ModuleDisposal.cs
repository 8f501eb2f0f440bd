using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Modules;

/// <summary>Complete disposal of modules.</summary>
public static class ModuleDisposal
{
    /// <summary>
    /// Disposes a module with all its native handles; <c>Module.Dispose</c> alone leaves those of linear and convolution layers and of
    /// scripts behind.
    /// </summary>
    public static void Release(torch.nn.Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (module is torch.jit.ScriptModule script)
        {
            ReleaseScript(script);
            return;
        }

        if (OwnedParts.Take(module) is { Count: > 0 } owned)
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
        // TorchSharp would ask each script for its parts, see TorchInternals.Children. One that is freed it leaves alone, wherever it finds
        // it.
        modules.ForEach(TorchInternals.RemoveScripts);
        modules.OfType<torch.jit.ScriptModule>().ToList().ForEach(ReleaseScript);
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

    // Frees a script with its native module. ScriptModule.Dispose makes wrappers of its submodules that it never frees, which keeps the
    // whole module and its mapping alive, so the handles are disposed one by one instead.
    [SuppressMessage("Usage", "CA1816", Justification = "The module is disposed here in place of its own Dispose, which leaks.")]
    private static void ReleaseScript(torch.jit.ScriptModule module)
    {
        var handle = TorchInternals.Handle(module);
        if (handle.IsInvalid)
        {
            return;
        }

        foreach (var (_, parameter) in ((torch.nn.Module)module).named_parameters())
        {
            parameter.Dispose();
        }

        foreach (var (_, buffer) in ((torch.nn.Module)module).named_buffers())
        {
            buffer.Dispose();
        }

        handle.Dispose();
        GC.SuppressFinalize(module);
    }
}
