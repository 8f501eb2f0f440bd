using System.Runtime.CompilerServices;
using ZeroCopy.Torch;

namespace ZeroCopy.Product.Tests;

/// <summary>Specs make and call modules before they touch the product: what the product guards has to be guarded by then.</summary>
internal static class NativeLibrary
{
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Guard();
}
