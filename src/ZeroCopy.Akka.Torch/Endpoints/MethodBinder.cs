using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using TorchSharp;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Calls the public methods of a module that take tensors, numbers and texts: those of its own class and of the classes below
/// <c>torch.nn.Module</c>, an overload the one that is declared first. Thread-safe.
/// </summary>
internal sealed class MethodBinder : CallBinder
{
    private const string Call = "call";
    private readonly FrozenDictionary<string, MethodInfo> _methods;
    private readonly FrozenDictionary<string, MethodInvoker> _invokers;

    private MethodBinder(
        string model, FrozenDictionary<string, MethodInfo> methods, IEnumerable<MethodSignature> signatures, torch.Device? device)
        : base(model, signatures, device)
    {
        _methods = methods;
        _invokers = methods.ToFrozenDictionary(
            method => method.Key, method => MethodInvoker.Create(WithHooks(method.Value)), StringComparer.Ordinal);
    }

    /// <summary>A binder for instances of a type.</summary>
    /// <param name="model">The model, for errors.</param>
    /// <param name="type">The class of the module.</param>
    /// <param name="device">Where instances run; null for the CPU.</param>
    public static MethodBinder Of(string model, Type type, torch.Device? device = null)
    {
        var methods = Callable(type).DistinctBy(method => method.Name).ToList();
        return new MethodBinder(
            model,
            methods.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal),
            methods.Select(MethodTypes.SignatureOf),
            device);
    }

    /// <inheritdoc/>
    protected override object? Invoke(object target, string method, object?[] arguments) =>
        _invokers[method].Invoke(target, arguments.AsSpan());

    /// <inheritdoc/>
    protected override object? Owned(object? answer, object target) => LentTensors.Copy(answer, target);

    /// <inheritdoc/>
    protected override object? LeftOut(CallMethod method, int index)
    {
        var parameter = _methods[method.Signature.Name].GetParameters()[index];
        return parameter.HasDefaultValue ? parameter.DefaultValue : null;
    }

    /// <inheritdoc/>
    protected override object? Argument(CallMethod method, int index, object? value)
    {
        if (value is not IConvertible number)
        {
            return value;
        }

        var parameter = _methods[method.Signature.Name].GetParameters()[index];
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        try
        {
            var converted = number.ToType(type, CultureInfo.InvariantCulture);
            return converted is float single && float.IsInfinity(single) && value is double exact && double.IsFinite(exact)
                ? throw new OverflowException()
                : converted;
        }
        catch (OverflowException error)
        {
            throw new InputMismatchException(
                $"'{parameter.Name}' is a {type.Name}, which cannot be {number.ToString(CultureInfo.InvariantCulture)}.", error);
        }
    }

    // What TorchSharp itself declares is not the model's, but for forward.
    private static IEnumerable<MethodInfo> Callable(Type type)
    {
        for (var owner = type; owner is not null && owner != typeof(object); owner = owner.BaseType)
        {
            foreach (var method in owner.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            {
                if (IsPlain(method) && IsOwn(method.GetBaseDefinition())
                    && method.GetParameters().All(parameter => MethodTypes.Of(parameter.ParameterType) is not null))
                {
                    yield return method;
                }
            }
        }

        static bool IsPlain(MethodInfo method) =>
            !method.IsSpecialName && !method.IsGenericMethod && !method.IsAbstract && method.Name is not ("Dispose" or "DisposeAsync");

        static bool IsOwn(MethodInfo declared) => declared.DeclaringType != typeof(object)
            && (declared.DeclaringType!.Assembly != typeof(torch).Assembly || declared.Name == ModelSignature.Forward);
    }

    /// <summary>What runs the hooks of a module around its forward; any other method itself.</summary>
    private static MethodInfo WithHooks(MethodInfo method) =>
        method.Name == ModelSignature.Forward && method.GetBaseDefinition().DeclaringType is { } declaring
        && declaring.Assembly == typeof(torch).Assembly
            ? declaring.GetMethod(Call, [.. method.GetParameters().Select(parameter => parameter.ParameterType)]) ?? method
            : method;
}
