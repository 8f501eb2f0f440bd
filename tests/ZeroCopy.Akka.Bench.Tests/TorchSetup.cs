using System.Runtime.CompilerServices;
using ZeroCopy.Torch.Guards;

namespace ZeroCopy.Bench.Tests;

/// <summary>Guards what the product guards, before any test computes.</summary>
internal static class TorchSetup
{
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Guard();
}
