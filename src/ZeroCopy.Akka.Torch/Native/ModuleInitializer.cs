using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ZeroCopy.Torch.Native;

/// <summary>Installs the resolver as soon as any type of this assembly is used.</summary>
internal static class ModuleInitializer
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The resolver must be there before the first native call of TorchSharp.")]
    internal static void Initialize() => NativeLibraryResolver.Install();
}
