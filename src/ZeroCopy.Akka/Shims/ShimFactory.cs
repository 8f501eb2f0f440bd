using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Shims;

/// <summary>
/// Makes objects that stand where a module stood and run each call as a task. Where a place is declared as <c>Module&lt;...&gt;</c>, as one
/// of its interfaces or as anything more general, the shim derives from <c>Module&lt;...&gt;</c>; where it is declared with a class of its
/// own, a subclass of that class is generated whose constructor never runs, so that no weights are made.
/// </summary>
internal static class ShimFactory
{
    /// <summary>The field of every generated class that holds the target.</summary>
    internal const string TargetField = "Target";

    private static readonly ConcurrentDictionary<Type, Lazy<Type>> Shims = new();

    // A subclass made without a constructor borrows the base state of a plain shim, which must live as long.
    private static readonly ConditionalWeakTable<torch.nn.Module, torch.nn.Module> Lenders = [];

    // Of modules whose class has no place for it.
    private static readonly ConditionalWeakTable<torch.nn.Module, ShimTarget> Targets = [];

    /// <summary>A shim for a module.</summary>
    /// <param name="target">Where its calls go.</param>
    /// <param name="moduleType">The module's own type, or the type that the receiver knows it by.</param>
    /// <param name="declaredTypes">What the places that hold it are declared as, with their paths for error messages.</param>
    /// <param name="like">A module whose plain values a shim of the same class shows, such as sizes; null where there is none.</param>
    /// <exception cref="ArgumentException">
    /// A place is declared with a class that cannot be stood in for; the message names it and the fix.
    /// </exception>
    public static torch.nn.Module Create(
        ShimTarget target, Type moduleType, IReadOnlyCollection<(string Path, Type Type)> declaredTypes, torch.nn.Module? like = null)
    {
        var signature = SignatureOf(moduleType)
            ?? declaredTypes.Select(place => SignatureOf(place.Type)).FirstOrDefault(type => type is not null)
            ?? throw new ArgumentException(
                $"{Describe(target.Path, moduleType)} has no typed call: declare it as Module<...> so that a task can stand for it.");
        var needed = signature;
        foreach (var (path, type) in declaredTypes)
        {
            if (type.IsAssignableFrom(needed))
            {
                continue;
            }

            if (!needed.IsAssignableFrom(type) || type.IsSealed)
            {
                throw new ArgumentException(
                    $"{Describe(path, type)} cannot hold a shim: the class is "
                    + $"{(type.IsSealed ? "sealed" : "not one that tasks can stand for")}. "
                    + Advice(path, signature));
            }

            needed = type;
        }

        if (needed != signature && ShimEmitter.ReasonAgainst(needed) is { } reason)
        {
            throw new ArgumentException(
                $"{Describe(target.Path, needed)} cannot be stood in for: {reason} {Advice(target.Path, signature)}");
        }

        return needed == signature ? Plain(target, signature) : Derived(target, needed, signature, like);
    }

    /// <summary>The target behind a shim, or behind a module that was given one; null for any other module.</summary>
    public static ShimTarget? TargetOf(torch.nn.Module module) =>
        Targets.TryGetValue(module, out var target) ? target : module.GetType().GetField(TargetField)?.GetValue(module) as ShimTarget;

    /// <summary>Gives a module that nothing can stand in for a target of its asynchronous calls.</summary>
    public static void SetTarget(torch.nn.Module module, ShimTarget target) => Targets.Add(module, target);

    private static torch.nn.Module Plain(ShimTarget target, Type signature) =>
        (torch.nn.Module)Activator.CreateInstance(Emit(signature), target)!;

    private static torch.nn.Module Derived(ShimTarget target, Type declared, Type signature, torch.nn.Module? like)
    {
        var shim = (torch.nn.Module)RuntimeHelpers.GetUninitializedObject(Emit(declared));
        var lender = Plain(target, signature);
        for (var type = declared; type is not null && type != typeof(object); type = type.BaseType)
        {
            // Below the signature are the user's own classes, above it is what makes a module work.
            var source = type.IsAssignableFrom(signature) ? lender : type.IsInstanceOfType(like) ? like : null;
            foreach (var field in type.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (source is not null && (source == lender || PlainTypes.IsPlain(field.FieldType)))
                {
                    field.SetValue(shim, field.GetValue(source));
                }
            }
        }

        shim.GetType().GetField(TargetField)!.SetValue(shim, target);
        Lenders.Add(shim, lender);
        return shim;
    }

    private static Type Emit(Type baseType) => Shims.GetOrAdd(baseType, static type => new Lazy<Type>(() => ShimEmitter.Emit(type))).Value;

    /// <summary>The <c>Module&lt;T1, ..., TResult&gt;</c> that a type is or implements; null where it has none.</summary>
    internal static Type? SignatureOf(Type type)
    {
        for (var candidate = type; candidate is not null; candidate = candidate.BaseType)
        {
            if (candidate.IsGenericType
                && candidate.DeclaringType == typeof(torch.nn)
                && candidate.Name.StartsWith("Module`", StringComparison.Ordinal))
            {
                return candidate;
            }
        }

        var call = type.GetInterfaces().Append(type).FirstOrDefault(candidate =>
            candidate is { IsInterface: true, IsGenericType: true } && candidate.DeclaringType == typeof(torch.nn)
            && candidate.Name.StartsWith("IModule`", StringComparison.Ordinal));
        return call is null ? null : typeof(torch.nn).GetNestedTypes()
            .First(
                candidate => candidate.Name == $"Module`{call.GetGenericArguments().Length}").MakeGenericType(call.GetGenericArguments());
    }

    private static string Describe(string path, Type type) => path.Length == 0 ? $"The model of type {type}" : $"'{path}' of type {type}";

    private static string Advice(string path, Type signature) => path.Length == 0
        ? $"Wrap and load it as what it is to its callers: ForTasksAsync<{NameOf(signature)}>(model), "
            + $"FromModelAsync<{NameOf(signature)}>(model, …)."
        : $"Declare it as {NameOf(signature)}, or name only other attributes in modelAttributeNames.";

    /// <summary>A type as code writes it, TorchSharp's by <c>using static TorchSharp.torch</c> and <c>TorchSharp.torch.nn</c>.</summary>
    private static string NameOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return $"{NameOf(underlying)}?";
        }

        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[]";
        }

        var arguments = string.Join(", ", type.GetGenericArguments().Select(NameOf));
        return !type.IsGenericType ? type.Name
            : type.IsValueType && typeof(ITuple).IsAssignableFrom(type) ? $"({arguments})"
            : $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{arguments}>";
    }
}
