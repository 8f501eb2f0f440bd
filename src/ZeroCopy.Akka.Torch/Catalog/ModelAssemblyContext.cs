using System.Reflection;
using System.Runtime.Loader;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// Where an assembly with model types is loaded: it shares this program's assemblies of ours and TorchSharp, whose types cross the border,
/// and has its other dependencies from beside itself, as its <c>.deps.json</c> says, else from this program.
/// </summary>
internal sealed class ModelAssemblyContext(string path) : AssemblyLoadContext(path)
{
    private readonly AssemblyDependencyResolver _beside = new(path);

    /// <summary>Whether this program's own assembly of a name is taken.</summary>
    public static bool IsShared(AssemblyName name) =>
        (name.Name == "TorchSharp" || name.Name!.StartsWith("ZeroCopy.Akka", StringComparison.Ordinal)) && FindOwn(name) is not null;

    /// <summary>This program's own assembly of a name, loaded now where it was not; null where it has none.</summary>
    public static Assembly? FindOwn(AssemblyName name)
    {
        var trusted = (string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "";
        return Default.Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == name.Name)
            ?? (trusted.Split(Path.PathSeparator).Any(file => Path.GetFileNameWithoutExtension(file) == name.Name)
                ? Default.LoadFromAssemblyName(new AssemblyName(name.Name!)) : null);
    }

    protected override Assembly? Load(AssemblyName name) =>
        !IsShared(name) && _beside.ResolveAssemblyToPath(name) is { } file ? LoadFromAssemblyPath(file) : null;

    protected override nint LoadUnmanagedDll(string name) =>
        _beside.ResolveUnmanagedDllToPath(name) is { } file ? LoadUnmanagedDllFromPath(file) : 0;
}
