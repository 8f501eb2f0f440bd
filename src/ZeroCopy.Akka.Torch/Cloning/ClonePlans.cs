using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace ZeroCopy.Torch.Cloning;

/// <summary>The rules of cloning, worked out once for each type.</summary>
internal static class ClonePlans
{
    private static readonly ConcurrentDictionary<Type, ClonePlan> Plans = new();
    private static readonly ClonePlan Shared = new(CloneKind.Share, []);
    private static readonly Type[] Uncopyable =
    [
        typeof(SafeHandle), typeof(Stream), typeof(Thread), typeof(Task), typeof(WaitHandle), typeof(TextWriter), typeof(TextReader),
        typeof(SemaphoreSlim), typeof(CancellationTokenSource), typeof(Timer), typeof(WeakReference), typeof(torch.Generator),
        typeof(torch.jit.ScriptModule),
    ];

    private static readonly Type[] UncopyableGenerics =
        [typeof(ThreadLocal<>), typeof(AsyncLocal<>), typeof(Lazy<>), typeof(ConditionalWeakTable<,>), typeof(WeakReference<>)];

    /// <summary>The plan for a type.</summary>
    public static ClonePlan For(Type type) => Plans.GetOrAdd(type, Make);

    private static ClonePlan Make(Type type)
    {
        if (!TypeRules.LeadsToObjects(type) || typeof(MemberInfo).IsAssignableFrom(type) || typeof(Assembly).IsAssignableFrom(type)
            || type == typeof(torch.Device) || type == typeof(Scalar))
        {
            return Shared;
        }

        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        if (Uncopyable.Any(root => root.IsAssignableFrom(type)) || type == typeof(GCHandle) || UncopyableGenerics.Contains(generic))
        {
            return Refuse($"a {type.Name} cannot be copied");
        }

        if (typeof(torch.nn.Module).IsAssignableFrom(type))
        {
            return new(CloneKind.Module, [.. TypeRules.Fields(type).Where(field => !IsNativePart(field))]);
        }

        return type switch
        {
            _ when typeof(torch.Tensor).IsAssignableFrom(type) => new(CloneKind.Tensor, []),
            _ when typeof(Delegate).IsAssignableFrom(type) => new(CloneKind.Delegate, []),
            _ when type.IsArray => new(CloneKind.Array, []),
            _ when type == typeof(object) || type == typeof(Lock) => new(CloneKind.Lock, []),
            _ when generic == typeof(Dictionary<,>) => new(CloneKind.Dictionary, [], Refiller(nameof(RefillDictionary), type)),
            _ when generic == typeof(HashSet<>) => new(CloneKind.Set, [], Refiller(nameof(RefillSet), type)),
            _ when TypeRules.IsPlatform(type) => ForPlatform(type, generic),
            _ when TypeRules.HasFinalizer(type) => Refuse($"{type.Name} has a finalizer, so a copy would free what it owns twice"),
            _ => new(CloneKind.Object, TypeRules.Fields(type)),
        };
    }

    private static ClonePlan ForPlatform(Type type, Type? generic)
    {
        var space = type.Namespace ?? "";
        if (space is "System.Collections.Immutable" or "System.Collections.Frozen")
        {
            if (type.IsGenericType && !type.GetGenericArguments().Any(TypeRules.LeadsToObjects))
            {
                return Shared;
            }

            return generic == typeof(ImmutableArray<>) || generic == typeof(ImmutableList<>)
                ? new(CloneKind.Object, TypeRules.Fields(type))
                : Refuse($"a {type.Name} of objects finds its members by their identity, which a clone changes");
        }

        // Containers compare their comparers by identity. One that is made of a function may hold more than the function.
        if (type.Assembly == typeof(object).Assembly
            && (typeof(IComparer).IsAssignableFrom(type) || Implements(type, typeof(IEqualityComparer<>)))
            && !TypeRules.Fields(type).Any(field => typeof(Delegate).IsAssignableFrom(field.FieldType)))
        {
            return Shared;
        }

        if (type.IsGenericType && TypeRules.LeadsToObjects(type.GetGenericArguments()[0])
            && (Implements(type, typeof(ILookup<,>))
                || (space == "System.Collections.Concurrent" && typeof(IDictionary).IsAssignableFrom(type))))
        {
            return Refuse($"a {type.Name} with object keys finds its members by their identity, which a clone changes");
        }

        var copied = space.StartsWith("System.Collections", StringComparison.Ordinal)
            || space is "System.Runtime.CompilerServices" or "System.Linq"
            || type.IsValueType
            || type.FullName!.StartsWith("System.Random", StringComparison.Ordinal)
            || type.FullName.StartsWith("System.Tuple", StringComparison.Ordinal)
            || type == typeof(StringBuilder);
        return copied ? new(CloneKind.Object, TypeRules.Fields(type)) : Shared;
    }

    private static bool Implements(Type type, Type generic) =>
        type.GetInterfaces().Any(declared => declared.IsGenericType && declared.GetGenericTypeDefinition() == generic);

    private static bool IsNativePart(FieldInfo field) =>
        field.DeclaringType == typeof(torch.nn.Module) && field.Name is "handle" or "boxedModule" or "_forwardNative";

    private static ClonePlan Refuse(string reason) => new(CloneKind.Refuse, [], Reason: reason);

    private static Func<object, CloneSession, object> Refiller(string name, Type container) =>
        typeof(ClonePlans).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(container.GetGenericArguments())
            .CreateDelegate<Func<object, CloneSession, object>>();

    private static Dictionary<TKey, TValue> RefillDictionary<TKey, TValue>(object source, CloneSession session)
        where TKey : notnull
    {
        var from = (Dictionary<TKey, TValue>)source;
        var to = new Dictionary<TKey, TValue>(from.Count, from.Comparer);
        session.Remember(source, to);
        foreach (var (key, value) in from)
        {
            to.Add((TKey)session.Visit(key, "a key")!, (TValue)session.Visit(value, "[]")!);
        }

        return to;
    }

    private static HashSet<T> RefillSet<T>(object source, CloneSession session)
    {
        var from = (HashSet<T>)source;
        var to = new HashSet<T>(from.Count, from.Comparer);
        session.Remember(source, to);
        foreach (var item in from)
        {
            to.Add((T)session.Visit(item, "[]")!);
        }

        return to;
    }
}
