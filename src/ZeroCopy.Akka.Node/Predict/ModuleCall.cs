using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

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
                && candidate.GetParameters().All(parameter => Kind(parameter.ParameterType) != ArgumentKind.Other)).ToList();
        _module = module;
        _method = callable.Find(candidate => candidate.Name == method) ?? throw new MethodNotAllowedException(
            $"{model} has no method '{method}' that takes tensors; it has "
            + $"{string.Join(", ", callable.Select(candidate => candidate.Name).Distinct())}. Choose one with --method.", method);
        var nullability = new NullabilityInfoContext();
        Parameters =
        [
            .. _method.GetParameters().Select(parameter => new CallParameter(
                parameter.Name ?? "",
                Kind(parameter.ParameterType),
                parameter.HasDefaultValue || nullability.Create(parameter).WriteState == NullabilityState.Nullable)),
        ];
    }

    public IReadOnlyList<CallParameter> Parameters { get; }

    public object? Invoke(IReadOnlyList<HostTensor?> arguments)
    {
        var values = Parameters.Select((parameter, index) =>
            arguments[index] is null && _method.GetParameters()[index] is { HasDefaultValue: true } declared
            ? declared.DefaultValue
            : TorchTensors.Argument(parameter, arguments[index])).ToArray();
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

    private static ArgumentKind Kind(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(torch.Tensor) ? ArgumentKind.Tensor
            : type == typeof(long) ? ArgumentKind.Integer
            : type == typeof(double) ? ArgumentKind.Number
            : type == typeof(bool) ? ArgumentKind.Boolean
            : ArgumentKind.Other;
    }
}
