using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>Types of .NET methods in TorchScript's words.</summary>
internal static class MethodTypes
{
    /// <summary>The signature of a method all of whose parameters have a type here.</summary>
    public static MethodSignature SignatureOf(MethodInfo method)
    {
        var nullability = new NullabilityInfoContext();
        var inputs = method.GetParameters().Select(parameter =>
        {
            var type = Of(parameter.ParameterType)!;
            var isNullable = nullability.Create(parameter).WriteState == NullabilityState.Nullable;
            var known = parameter.GetCustomAttribute<TensorValueAttribute>();
            return new ValueSignature(
                parameter.Name ?? "",
                (isNullable ? new ScriptType("Optional", [type]) : type).ToString(),
                known?.DType,
                known?.Shape ?? default,
                IsOptional: parameter.HasDefaultValue || isNullable);
        }).ToList();
        var result = OfResult(method.ReturnType);
        return new MethodSignature(
            method.Name,
            [.. inputs],
            Outputs(method, result),
            result is not null && OutputSignatures.AreJoined(inputs, result));
    }

    private static ImmutableArray<ValueSignature> Outputs(MethodInfo method, ScriptType? result)
    {
        var known = method.ReturnParameter.GetCustomAttributes<TensorValueAttribute>().ToList();
        var outputs = OutputSignatures.Of(result);
        return outputs.IsEmpty
            ?
            [
                .. known.Select(output => new ValueSignature(
                    output.Name ?? "output", ValueSignature.Tensor, output.DType, output.Shape, output.IsOptional)),
            ]
            : [
                .. outputs.Select(output => known.Find(candidate => (candidate.Name ?? "output") == output.Name) is { } said
                    ? output with { DType = said.DType, Shape = said.Shape, IsOptional = output.IsOptional || said.IsOptional } : output),
            ];
    }

    /// <summary>The type that a script would give such an argument; null for one that nothing can be given for.</summary>
    public static ScriptType? Of(Type type)
    {
        var some = Nullable.GetUnderlyingType(type) ?? type;
        var name = some == typeof(torch.Tensor) ? ValueSignature.Tensor
            : some == typeof(long) || some == typeof(int) ? "int"
            : some == typeof(double) || some == typeof(float) ? "float"
            : some == typeof(bool) ? "bool"
            : some == typeof(string) ? "str"
            : null;
        return name is null ? null : ScriptType.Parse(name);
    }

    /// <summary>The type that a script would give such a result; null for one that only a run tells.</summary>
    private static ScriptType? OfResult(Type type)
    {
        if (type == typeof(void))
        {
            return ScriptType.Parse("NoneType");
        }

        if (typeof(torch.Tensor).IsAssignableFrom(type))
        {
            return ScriptType.Parse(ValueSignature.Tensor);
        }

        if (typeof(ITuple).IsAssignableFrom(type) && type.IsGenericType)
        {
            var parts = type.GetGenericArguments().Select(OfResult).ToList();
            return parts.Exists(part => part is null) ? null : new ScriptType("Tuple", [.. parts.OfType<ScriptType>()]);
        }

        if (type.IsSZArray || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)))
        {
            return OfResult(type.GetElementType() ?? type.GetGenericArguments()[0]) is { } item ? new ScriptType("List", [item]) : null;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
        {
            return Of(type.GetGenericArguments()[0]) is { } key && OfResult(type.GetGenericArguments()[1]) is { } value
                ? new ScriptType("Dict", [key, value]) : null;
        }

        return Of(type);
    }
}
