using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>
/// A public method of a module that the catalog built, found by its name. Only methods of the module's own type are offered.
/// </summary>
internal sealed class ModuleCall : IModelCall
{
    private readonly torch.nn.Module _module;
    private readonly MethodInfo _method;

    public ModuleCall(torch.nn.Module module, string model, string method)
    {
        var callable = module.GetType().GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            .Where(candidate => !candidate.IsSpecialName && !candidate.IsGenericMethod
                && candidate.GetParameters().All(parameter => TypeOf(parameter.ParameterType) is not null)).ToList();
        _module = module;
        _method = callable.Find(candidate => candidate.Name == method) ?? throw new MethodNotAllowedException(
            $"{model} has no method '{method}' that takes tensors; it has "
            + $"{string.Join(", ", callable.Select(candidate => candidate.Name).Distinct())}. Choose one with --method.", method);
        var nullability = new NullabilityInfoContext();
        Parameters =
        [
            .. _method.GetParameters().Select(parameter => new CallParameter(
                parameter.Name ?? "",
                IsNullable(parameter) ? new ScriptType("Optional", [TypeOf(parameter.ParameterType)!]) : TypeOf(parameter.ParameterType)!,
                parameter.HasDefaultValue || IsNullable(parameter))),
        ];

        bool IsNullable(ParameterInfo parameter) => nullability.Create(parameter).WriteState == NullabilityState.Nullable;
    }

    public IReadOnlyList<CallParameter> Parameters { get; }

    public object? Invoke(IReadOnlyList<object?> arguments)
    {
        var values = _method.GetParameters().Zip(arguments, Argument).ToArray();
        try
        {
            return _method.Invoke(_module, BindingFlags.DoNotWrapExceptions, null, values, null);
        }
        catch (Exception error) when (error is ExternalException or ArgumentException)
        {
            // libtorch's messages go on with a native stack trace behind their first line.
            throw new InputMismatchException(
                $"{_module.GetName()}.{_method.Name}: {error.Message.Split('\n')[0].TrimEnd('.')}. Check the shapes and types of the input.", error);
        }
    }

    private static object? Argument(ParameterInfo parameter, object? value) => value switch
    {
        null => null,
        Missing => parameter.HasDefaultValue ? parameter.DefaultValue : null,
        IConvertible number => Converted(parameter, number),
        _ => TorchArguments.Of(value),
    };

    private static object Converted(ParameterInfo parameter, IConvertible value)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        try
        {
            var converted = value.ToType(type, CultureInfo.InvariantCulture);
            return converted is float single && float.IsInfinity(single) && value is double number && double.IsFinite(number)
                ? throw new OverflowException()
                : converted;
        }
        catch (OverflowException error)
        {
            throw new InputMismatchException(
                $"'{parameter.Name}' is a {type.Name}, which cannot be {value.ToString(CultureInfo.InvariantCulture)}.", error);
        }
    }

    // The type that a script would give such an argument; null for one that files hold nothing for.
    private static ScriptType? TypeOf(Type type)
    {
        var some = Nullable.GetUnderlyingType(type) ?? type;
        var name = some == typeof(torch.Tensor) ? "Tensor"
            : some == typeof(long) || some == typeof(int) ? "int"
            : some == typeof(double) || some == typeof(float) ? "float"
            : some == typeof(bool) ? "bool"
            : some == typeof(string) ? "str"
            : null;
        return name is null ? null : ScriptType.Parse(name);
    }
}
