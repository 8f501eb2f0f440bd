using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace ZeroCopy.Torch.Native;

/// <summary>Members of TorchSharp that it keeps to itself. All of them are looked up here, so that a new version breaks one file.</summary>
internal static class TorchInternals
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static readonly FieldInfo ModuleHandle = Field("handle");
    public static readonly FieldInfo BoxedModule = Field("boxedModule");
    public static readonly FieldInfo ForwardNative = Field("_forwardNative");
    private static readonly ConstructorInfo NewHandle = ModuleHandle.FieldType.GetConstructor(
        Declared, [typeof(nint), typeof(bool), typeof(Action<>).MakeGenericType(ModuleHandle.FieldType)])
        ?? throw new MissingMethodException(ModuleHandle.FieldType.FullName, ".ctor");

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    public static extern ref nint TensorHandle(torch.Tensor tensor);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<OwningDisposeScope>k__BackingField")]
    public static extern ref DisposeScope? OwningScope(torch.Tensor tensor);

    /// <summary>The dispose scopes of the calling thread; null before it has any.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "_threadSingleton")]
    public static extern ref DisposeScopeManager? ThreadScopes(DisposeScopeManager? type);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CurrentDisposeScope")]
    public static extern DisposeScope? CurrentScope(DisposeScopeManager scopes);

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "_totalCount")]
    public static extern ref long TensorCount(torch.Tensor? type);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_buffers")]
    public static extern ref OrderedDict<string, (torch.Tensor, bool)> Buffers(torch.nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_submodules")]
    private static extern ref OrderedDict<string, torch.nn.Module> Submodules(torch.nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_deviceType")]
    public static extern ref DeviceType DeviceType(torch.nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_deviceIndex")]
    public static extern ref int DeviceIndex(torch.nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    public static extern ref bool BatchFirst(LSTM module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    public static extern ref bool BatchFirst(GRU module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    public static extern ref bool BatchFirst(RNN module);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "MemberwiseClone")]
    public static extern object MemberwiseClone(object instance);

    /// <summary>
    /// A module's own parameters, without those of its children. Containers of parameters keep them in a list of their own, containers of
    /// modules have none.
    /// </summary>
    public static IEnumerable<(string Name, Parameter Value)> Parameters(torch.nn.Module module) =>
        IsSequential(module.GetType()) ? [] : module.named_parameters(false);

    /// <summary>What libtorch has registered in a native layer, in wrappers of the caller's.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "_named_parameters")]
    public static extern (string Name, Parameter Value)[] NativeParameters(torch.nn.Module layer);

    /// <summary>The owner of a module's native counterpart.</summary>
    public static SafeHandle Handle(torch.nn.Module module) => (SafeHandle)ModuleHandle.GetValue(module)!;

    /// <summary>
    /// A handle that owns <paramref name="native"/>: disposing it releases the native module, as the field of a module wants it.
    /// </summary>
    public static SafeHandle OwnModule(nint native) => (SafeHandle)NewHandle.Invoke([native, true, null]);

    /// <summary>A wrapper, of a class for native layers, that owns <paramref name="native"/>.</summary>
    public static TModule Adopt<TModule>(nint native)
        where TModule : torch.nn.Module =>
        (TModule)Activator.CreateInstance(typeof(TModule), Declared, null, [native, (nint)0], null)!;

    /// <summary>A script that owns <paramref name="native"/>.</summary>
    public static torch.jit.ScriptModule AdoptScript(nint native) =>
        (torch.jit.ScriptModule)Activator.CreateInstance(typeof(torch.jit.ScriptModule), Declared, null, [native], null)!;

    /// <summary>The same script as an object of another of TorchSharp's classes for scripts, which takes it over.</summary>
    public static torch.jit.ScriptModule Retype(torch.jit.ScriptModule script, Type type)
    {
        var handle = Handle(script);
        var retyped = (torch.jit.ScriptModule)Activator.CreateInstance(type, Declared, null, [handle.DangerousGetHandle()], null)!;
        handle.SetHandleAsInvalid();
        return retyped;
    }

    /// <summary>
    /// Whether libtorch runs the module's forward (embeddings, recurrent layers, attention): its tensors belong to a native object, so that
    /// replacing the managed wrapper of one changes nothing.
    /// </summary>
    public static bool IsNative(torch.nn.Module module) => ForwardNative.GetValue(module) is null && !IsSequential(module.GetType());

    /// <summary>
    /// A module's registered children. A script has none: TorchSharp makes wrappers of its parts for each question, which nobody frees, and
    /// each keeps the whole script alive. It lists the tensors of its parts as its own.
    /// </summary>
    public static IEnumerable<(string Name, torch.nn.Module Value)> Children(torch.nn.Module module) =>
        module is torch.jit.ScriptModule ? [] : module.named_children();

    /// <summary>Takes the scripts out of what a module has registered, for good.</summary>
    public static void RemoveScripts(torch.nn.Module module)
    {
        if (module is torch.jit.ScriptModule)
        {
            return;
        }

        var children = Submodules(module);
        List<(string Name, torch.nn.Module Value)> all = [.. (IEnumerable<(string, torch.nn.Module)>)children];
        foreach (var (name, _) in all.Where(child => child.Value is torch.jit.ScriptModule))
        {
            children.Remove(name);
        }
    }

    /// <summary>The module and every registered module below it, each once.</summary>
    public static List<torch.nn.Module> SelfAndDescendants(torch.nn.Module root)
    {
        var found = new List<torch.nn.Module> { root };
        var seen = new HashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance) { root };
        for (var i = 0; i < found.Count; i++)
        {
            foreach (var (_, child) in Children(found[i]))
            {
                if (child is not null && seen.Add(child))
                {
                    found.Add(child);
                }
            }
        }

        return found;
    }

    private static bool IsSequential(Type? type) =>
        type is not null && (type.Name.StartsWith("Sequential", StringComparison.Ordinal) || IsSequential(type.BaseType));

    private static FieldInfo Field(string name) =>
        typeof(torch.nn.Module).GetField(name, Declared) ?? throw new MissingFieldException(typeof(torch.nn.Module).FullName, name);
}
