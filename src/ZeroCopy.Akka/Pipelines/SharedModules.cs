using TorchSharp;
using ZeroCopy.Calling;
using ZeroCopy.Runtime;
using ZeroCopy.Shims;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Pipelines;

/// <summary>Opens and materialises the modules of a wrapper, whatever kind they are.</summary>
internal static class SharedModules
{
    /// <summary>Where tasks lease instances.</summary>
    public static IInstanceSource Open(TorchRuntime runtime, WrappedModule entry) =>
        entry.Script ? runtime.OpenAny(entry.Handle) : runtime.Open<torch.nn.Module>(entry.Handle);

    /// <summary>
    /// A module that runs its calls as tasks. No shim can take the place of a class of TorchSharp's scripts, whose methods are not virtual:
    /// such a one is a script of this process, whose asynchronous calls are the tasks.
    /// </summary>
    /// <param name="target">Where the calls go.</param>
    /// <param name="type">The module's own type.</param>
    /// <param name="places">What holds it.</param>
    /// <param name="materialise">Makes it in this process.</param>
    /// <param name="like">A module whose plain values a shim of the same class shows.</param>
    public static torch.nn.Module CreateTaskModule(
        ShimTarget target,
        Type type,
        IReadOnlyCollection<(string Path, Type Type)> places,
        Func<torch.nn.Module> materialise,
        torch.nn.Module like)
    {
        if (ScriptClasses.Needed(type, places) is null)
        {
            return ShimFactory.Create(target, type, places, like);
        }

        var script = materialise();
        ShimFactory.SetTarget(script, target);
        return script;
    }

    /// <summary>
    /// A module in this process. A TorchScript program whose places are declared by its signature is called through a stand-in that leases
    /// the program for the length of a call, so all its holders share one loaded program unless it keeps state. See
    /// <see cref="ScriptClasses"/> for other places.
    /// </summary>
    public static torch.nn.Module Materialise(
        TorchRuntime runtime,
        WrappedModule entry,
        OpenOptions<torch.nn.Module> options,
        Type type,
        IReadOnlyCollection<(string Path, Type Type)> places,
        IReadOnlyCollection<string> methods)
    {
        if (!entry.Script)
        {
            return runtime.Open(entry.Handle, options).Materialise();
        }

        var source = runtime.OpenAny(entry.Handle, options.Device);
        return ScriptClasses.Needed(type, places) is { } needed
            ? ((ScriptModel)source).Materialise(needed)
            : ShimFactory.Create(new ShimTarget(entry.Paths[0], new LocalCalls(source), methods), type, places);
    }
}
