using System.Runtime.CompilerServices;
using ZeroCopy.Torch;

namespace ZeroCopy.Product.Tests;

/// <summary>Specs make modules before they touch the product: the native library has to load by then on every Linux.</summary>
internal static class NativeLibrary
{
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Guard();
}
