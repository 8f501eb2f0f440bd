using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ZeroCopy.Torch.Guards;

namespace ZeroCopy.Torch.Tests;

/// <summary>Guards what the product guards before any spec computes, whichever runs first.</summary>
internal static class TorchSetup
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly is loaded by its runner only.")]
    internal static void Load() => TorchLibrary.Guard();
}
