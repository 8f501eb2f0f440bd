using TorchSharp;

namespace ZeroCopy.Torch;

/// <summary>Complete disposal of modules.</summary>
public static class ModuleDisposal
{
    /// <summary>
    /// Disposes a module with all its native handles; <c>Module.Dispose</c> alone leaves those of linear and convolution layers and of scripts behind.
    /// </summary>
    public static void Release(torch.nn.Module module) => throw new NotImplementedException();
}
