using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Torch.Guards;

namespace ZeroCopy.Product.Tests;

/// <summary>
/// Specs make and call modules before they touch the product: what the product guards has to be guarded by then. They compare bits with
/// tasks and with the processes that they start, which compute with one thread: so do they.
/// </summary>
internal static class NativeLibrary
{
    [ModuleInitializer]
    internal static void Load()
    {
        TorchLibrary.Guard();
        torch.set_num_threads(1);
    }
}
