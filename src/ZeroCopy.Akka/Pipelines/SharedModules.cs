using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Shims;
using ZeroCopy.Torch;
using ZeroCopy.Wire;

namespace ZeroCopy.Pipelines;

/// <summary>Opens and materialises the modules of a wrapper, whatever kind they are.</summary>
internal static class SharedModules
{
    /// <summary>Where tasks lease instances.</summary>
    public static IInstanceSource Open(TorchRuntime runtime, WrappedModule entry) =>
        entry.Script ? runtime.OpenAny(entry.Handle) : runtime.Open<torch.nn.Module>(entry.Handle);

    /// <summary>
    /// A module in this process. A TorchScript program is no .NET module of its own class: it is called through a stand-in that leases the program for
    /// the length of a call, so all its holders share one loaded program unless it keeps state.
    /// </summary>
    public static torch.nn.Module Materialise(
        TorchRuntime runtime, WrappedModule entry, OpenOptions<torch.nn.Module> options, Type type, IReadOnlyCollection<(string Path, Type Type)> places,
        IReadOnlyCollection<string> methods)
    {
        if (!entry.Script)
        {
            return runtime.Open(entry.Handle, options).Materialise();
        }

        var source = runtime.OpenAny(entry.Handle, options.Device);
        return ShimFactory.Create(new ShimTarget(entry.Paths[0], new LocalCalls(source), methods), type, places);
    }
}
