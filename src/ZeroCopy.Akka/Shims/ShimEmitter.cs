using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;
using ZeroCopy.Calling;

namespace ZeroCopy.Shims;

/// <summary>
/// Generates the class of a shim: <c>forward</c> and the public virtual methods of the user's class go to <see cref="ShimTarget.Invoke"/>,
/// and what that class overrides of <c>Module</c> is led back to <c>Module</c>'s own, so that the shim behaves as a module without
/// parameters.
/// </summary>
internal static class ShimEmitter
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly MethodInfo InvokeMethod = typeof(ShimTarget).GetMethod(nameof(ShimTarget.Invoke))!;

    /// <summary>Why a class cannot be subclassed for a shim; null where it can.</summary>
    public static string? ReasonAgainst(Type type) =>
        type.IsSealed ? "the class is sealed."
        : Overridable(type).Any(method => method.Name == MethodCall.Forward)
        ? NotOverridable(type) is { } method
            ? $"its public method '{method}' cannot be overridden, so a call of it would run here, where there are no weights; "
                + "make it virtual."
            : null
        : "its forward cannot be overridden.";

    public static Type Emit(Type baseType)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName($"ZeroCopy.Shims.{Guid.NewGuid():N}"), AssemblyBuilderAccess.Run);
        var module = assembly.DefineDynamicModule("Shims");
        GrantAccess(assembly, module, baseType);
        var type = module.DefineType(
            $"{baseType.Name}TaskShim", TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, baseType);
        var target = type.DefineField(ShimFactory.TargetField, typeof(ShimTarget), FieldAttributes.Public);
        EmitConstructor(type, baseType, target);
        foreach (var method in Overridable(baseType))
        {
            var root = method.GetBaseDefinition();
            if (IsTorchBase(root.DeclaringType!) && method.Name != MethodCall.Forward)
            {
                EmitOverride(type, method, code => EmitBaseCall(code, root));
            }
            else
            {
                EmitOverride(type, method, code => EmitTaskCall(code, method, target));
            }
        }

        return type.CreateType();
    }

    // The most derived version of each virtual method that the user's class, or Module<...>'s forward, brings; the first seen hides those
    // it overrides.
    private static IEnumerable<MethodInfo> Overridable(Type baseType)
    {
        var roots = new HashSet<MethodInfo>();
        for (var type = baseType; type is not null && !IsModule(type); type = type.BaseType)
        {
            var signature = ShimFactory.SignatureOf(type) == type;
            foreach (var method in type.GetMethods(Declared).Where(method => method.IsVirtual && !method.IsGenericMethodDefinition))
            {
                var wanted = signature
                    ? method.Name == MethodCall.Forward
                    : method.IsPublic || IsTorchBase(method.GetBaseDefinition().DeclaringType!);
                if (wanted && roots.Add(method.GetBaseDefinition()) && !method.IsFinal)
                {
                    yield return method;
                }
            }

            if (signature)
            {
                yield break;
            }
        }
    }

    // The user's own classes only: what TorchSharp's have of that kind arranges children, and a shim has none.
    private static string? NotOverridable(Type type)
    {
        for (var user = type; user.Assembly != typeof(torch).Assembly; user = user.BaseType!)
        {
            if (user.GetMethods(Declared).FirstOrDefault(method => method is { IsPublic: true, IsSpecialName: false }
                && (!method.IsVirtual || method.IsFinal || method.IsGenericMethodDefinition)) is { } method)
            {
                return method.Name;
            }
        }

        return null;
    }

    private static bool IsModule(Type type) => type == typeof(torch.nn.Module) || type == typeof(object);

    private static bool IsTorchBase(Type type) =>
        IsModule(type) || (type.DeclaringType == typeof(torch.nn) && typeof(torch.nn.Module).IsAssignableFrom(type));

    private static void EmitConstructor(TypeBuilder type, Type baseType, FieldBuilder target)
    {
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(ShimTarget)]).GetILGenerator();
        if (ShimFactory.SignatureOf(baseType) != baseType)
        {
            // Never called: the object is made without a constructor, because the class's own would make the weights.
            code.Emit(OpCodes.Ldnull);
            code.Emit(OpCodes.Throw);
            return;
        }

        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldstr, "TaskShim");
        code.Emit(OpCodes.Call, baseType.GetConstructor(Declared, [typeof(string)])!);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Stfld, target);
        code.Emit(OpCodes.Ret);
    }

    private static void EmitOverride(TypeBuilder type, MethodInfo method, Action<ILGenerator> body)
    {
        var parameters = method.GetParameters();
        var builder = type.DefineMethod(
            method.Name,
            (method.Attributes & (MethodAttributes.MemberAccessMask | MethodAttributes.SpecialName))
                | MethodAttributes.Virtual
                | MethodAttributes.HideBySig,
            method.CallingConvention, method.ReturnType, method.ReturnParameter.GetRequiredCustomModifiers(), null,
            [.. parameters.Select(parameter => parameter.ParameterType)],
            [.. parameters.Select(parameter => parameter.GetRequiredCustomModifiers())], null);
        body(builder.GetILGenerator());
    }

    private static void EmitBaseCall(ILGenerator code, MethodInfo root)
    {
        for (var i = 0; i <= root.GetParameters().Length; i++)
        {
            code.Emit(OpCodes.Ldarg, (short)i);
        }

        code.Emit(OpCodes.Call, root);
        code.Emit(OpCodes.Ret);
    }

    private static void EmitTaskCall(ILGenerator code, MethodInfo method, FieldBuilder target)
    {
        var parameters = method.GetParameters();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, target);
        code.Emit(OpCodes.Ldstr, method.Name);
        code.Emit(OpCodes.Ldc_I4, parameters.Length);
        code.Emit(OpCodes.Newarr, typeof(object));
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i].ParameterType;
            if (type.IsByRef || type.IsByRefLike || type.IsPointer)
            {
                throw new ArgumentException(
                    $"{method.DeclaringType}.{method.Name} takes '{parameters[i].Name}' by reference, which a task cannot pass; declare "
                    + "the member as Module<...>.");
            }

            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, i);
            code.Emit(OpCodes.Ldarg, (short)(i + 1));
            code.Emit(OpCodes.Box, type);
            code.Emit(OpCodes.Stelem_Ref);
        }

        code.Emit(OpCodes.Callvirt, InvokeMethod);
        if (method.ReturnType == typeof(void))
        {
            code.Emit(OpCodes.Pop);
        }
        else
        {
            code.Emit(OpCodes.Unbox_Any, method.ReturnType);
        }

        code.Emit(OpCodes.Ret);
    }

    // A user's class is often internal or nested. The runtime honours this attribute by its name, wherever it is defined.
    private static void GrantAccess(AssemblyBuilder assembly, ModuleBuilder module, Type baseType)
    {
        var attribute = module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute",
            TypeAttributes.NotPublic | TypeAttributes.Sealed | TypeAttributes.Class,
            typeof(Attribute));
        var code = attribute.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(string)]).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(Declared, Type.EmptyTypes)!);
        code.Emit(OpCodes.Ret);
        var constructor = attribute.CreateType().GetConstructor([typeof(string)])!;
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (var type = baseType; type is not null; type = type.BaseType)
        {
            foreach (var argument in type.GetGenericArguments().Append(type))
            {
                used.Add(argument.Assembly.GetName().Name!);
            }

            foreach (var parameter in type.GetMethods(Declared)
                .Where(method => method.IsVirtual).SelectMany(method => method.GetParameters()))
            {
                used.Add(parameter.ParameterType.Assembly.GetName().Name!);
            }
        }

        foreach (var name in used)
        {
            assembly.SetCustomAttribute(new CustomAttributeBuilder(constructor, [name]));
        }
    }
}
