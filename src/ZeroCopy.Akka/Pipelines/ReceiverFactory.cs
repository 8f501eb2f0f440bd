using System.Reflection;
using TorchSharp;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Pipelines;

/// <summary>
/// How a process that did not wrap an object builds one: what the caller gave, else a public constructor of the type that the caller names.
/// </summary>
internal static class ReceiverFactory
{
    /// <summary>For a standalone module; null where nothing can build one and only the catalog may.</summary>
    /// <param name="given">What the caller gave for modules; null for nothing.</param>
    /// <param name="plain">What the caller gave for objects of any kind; null for nothing.</param>
    public static Func<ModelBuild, T>? ForModuleOrNull<T>(Func<ModelBuild, T>? given, Func<T>? plain)
        where T : class
    {
        if (given is not null)
        {
            return given;
        }

        if (plain is null && Constructor<T>(typeof(ModelBuild)) is { } cheap)
        {
            return build => (T)cheap.Invoke(BindingFlags.DoNotWrapExceptions, null, [build], null);
        }

        if (plain is null && Constructor<T>(typeof(torch.Device)) is { } onDevice)
        {
            return build => (T)onDevice.Invoke(BindingFlags.DoNotWrapExceptions, null, [build.Device], null);
        }

        return OrNull(plain) is { } factory ? _ => factory() : null;
    }

    /// <summary>For a pipeline; null where nothing can build one.</summary>
    /// <param name="given">What the caller gave; null for nothing.</param>
    public static Func<T>? OrNull<T>(Func<T>? given)
        where T : class
    {
        if (given is not null)
        {
            return given;
        }

        return Constructor<T>() is { } plain ? () => (T)plain.Invoke(BindingFlags.DoNotWrapExceptions, null, [], null)
            : Constructor<T>(typeof(torch.Device)) is { } onDevice ? () => (T)onDevice.Invoke(
                BindingFlags.DoNotWrapExceptions, null, [torch.CPU], null)
            : null;
    }

    private static ConstructorInfo? Constructor<T>(params Type[] parameters) =>
        typeof(T).IsAbstract ? null : typeof(T).GetConstructor(parameters);
}
