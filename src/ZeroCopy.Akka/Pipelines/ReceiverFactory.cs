using System.Reflection;
using TorchSharp;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Pipelines;

/// <summary>How a process that did not wrap an object builds one: what the caller gave, else a public constructor of the type that the caller names.</summary>
internal static class ReceiverFactory
{
    /// <summary>For a standalone module; null where nothing can build one and only the catalog may.</summary>
    public static Func<ModelBuild, T>? ForModuleOrNull<T>(LoadOptions<T>? options)
        where T : class
    {
        if (options?.ModuleFactory is { } given)
        {
            return given;
        }

        if (options?.Factory is null && Constructor<T>(typeof(ModelBuild)) is { } cheap)
        {
            return build => (T)cheap.Invoke(BindingFlags.DoNotWrapExceptions, null, [build], null);
        }

        if (options?.Factory is null && Constructor<T>(typeof(torch.Device)) is { } onDevice)
        {
            return build => (T)onDevice.Invoke(BindingFlags.DoNotWrapExceptions, null, [build.Device], null);
        }

        return OrNull(options) is { } factory ? _ => factory() : null;
    }

    /// <summary>For a pipeline; null where nothing can build one.</summary>
    public static Func<T>? OrNull<T>(LoadOptions<T>? options)
        where T : class
    {
        if (options?.Factory is { } given)
        {
            return given;
        }

        return Constructor<T>() is { } plain ? () => (T)plain.Invoke(BindingFlags.DoNotWrapExceptions, null, [], null)
            : Constructor<T>(typeof(torch.Device)) is { } onDevice ? () => (T)onDevice.Invoke(BindingFlags.DoNotWrapExceptions, null, [torch.CPU], null)
            : null;
    }

    private static ConstructorInfo? Constructor<T>(params Type[] parameters) => typeof(T).IsAbstract ? null : typeof(T).GetConstructor(parameters);
}
