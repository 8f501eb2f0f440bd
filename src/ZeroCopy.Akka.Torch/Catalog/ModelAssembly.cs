using System.Collections.Concurrent;
using System.Reflection;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Catalog;

/// <summary>Finds the model types of an assembly that this program was not built with.</summary>
internal static class ModelAssembly
{
    private static readonly ConcurrentDictionary<string, Lazy<Assembly>> Loaded = new(StringComparer.Ordinal);

    /// <summary>The assembly's own model types, one object of each class; the same assembly for the same file in this process.</summary>
    /// <exception cref="ModelAssemblyException">There are none; the message says why.</exception>
    public static (Assembly Assembly, IReadOnlyList<IModelTypes> Types) Read(string path)
    {
        var full = Find(path);
        try
        {
            var assembly = Load(full);
            var types = TypesOf(assembly);
            return types.Count > 0
                ? (assembly, types)
                : throw new ModelAssemblyException(
                    $"'{full}' brings no model types: it has no class that implements {typeof(IModelTypes).FullName} and has a public "
                    + "constructor without parameters.");
        }
        catch (Exception e) when (Describe(e) is { } reason)
        {
            throw new ModelAssemblyException($"'{full}' cannot be loaded: {reason}", e);
        }
    }

    /// <summary>One object of each class of an assembly that brings model types.</summary>
    public static IReadOnlyList<IModelTypes> TypesOf(Assembly assembly) =>
    [
        .. assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IModelTypes).IsAssignableFrom(type)
                && type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(Create),
    ];

    private static string Find(string path)
    {
        string[] places = [Path.GetFullPath(path), Path.GetFullPath(path, AppContext.BaseDirectory)];
        return Array.Find(places, File.Exists) ?? throw new ModelAssemblyException(
            $"There is no assembly '{path}' with model types: looked for "
            + $"{string.Join(" and ", places.Distinct().Select(place => $"'{place}'"))}.");
    }

    private static Assembly Load(string path)
    {
        var loaded = Loaded.GetOrAdd(path, _ => new Lazy<Assembly>(() =>
        {
            var name = AssemblyName.GetAssemblyName(path);
            var assembly = ModelAssemblyContext.FindOwn(name) ?? new ModelAssemblyContext(path).LoadFromAssemblyPath(path);
            RequireVersions(assembly, path);
            return assembly;
        }));
        try
        {
            return loaded.Value;
        }
        catch
        {
            // It may be put right and tried again.
            Loaded.TryRemove(new(path, loaded));
            throw;
        }
    }

    private static void RequireVersions(Assembly assembly, string path)
    {
        foreach (var wanted in assembly.GetReferencedAssemblies())
        {
            if (!ModelAssemblyContext.IsShared(wanted))
            {
                continue;
            }

            var own = ModelAssemblyContext.FindOwn(wanted)!.GetName().Version;
            if (wanted.Version > own)
            {
                throw new ModelAssemblyException(
                    $"'{path}' was built with {wanted.Name} {wanted.Version}, and this program has {own}: build it with that version, or "
                    + "use a newer program.");
            }
        }
    }

    private static IModelTypes Create(Type type)
    {
        try
        {
            return (IModelTypes)Activator.CreateInstance(type)!;
        }
        catch (TargetInvocationException e)
        {
            throw new ModelAssemblyException(
                $"{type} of '{type.Assembly.Location}' cannot be made: {e.InnerException!.Message}", e.InnerException);
        }
    }

    private static string? Describe(Exception error) => error switch
    {
        BadImageFormatException => "it is no .NET assembly for this system.",
        ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } => first.Message,
        TypeLoadException or FileLoadException or FileNotFoundException or UnauthorizedAccessException => error.Message,
        _ => null,
    };
}
