using System.Runtime.CompilerServices;
using ZeroCopy.Torch;

namespace ZeroCopy.Node.Tests;

/// <summary>Loads the native library the way the executable does, before any test touches it.</summary>
internal static class TorchSetup
{
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Guard();
}
