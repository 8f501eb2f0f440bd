using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Calling;

/// <summary>A call by name with its arguments, run on whichever instance a task leased.</summary>
internal sealed class MethodCall(string method, object?[] arguments) : ICallArguments
{
    /// <summary>The name of the call itself.</summary>
    public const string Forward = "forward";

    private static readonly ConcurrentDictionary<(Type Type, string Name, int Count), MethodInfo[]> Candidates = new();

    public object?[] Values => arguments;

    public object With(object?[] values) => new MethodCall(method, values);

    public object? Invoke(object target)
    {
        if (target is ScriptProgram program)
        {
            return program.Invoke(method, arguments);
        }

        if (method == Forward && arguments.Length == 1 && target is torch.nn.IModule<torch.Tensor, torch.Tensor> module)
        {
            return module.call((torch.Tensor)arguments[0]!);
        }

        // Module<...>.call runs the hooks around forward.
        var found = (method == Forward ? FindOrNull(target, "call") : null) ?? FindOrNull(target, method)
            ?? throw new MethodNotAllowedException(
                $"{target.GetType()} has no public method '{method}' that takes {arguments.Length} such arguments.", method);
        return found.Invoke(target, BindingFlags.DoNotWrapExceptions, binder: null, Fill(found), culture: null);
    }

    private MethodInfo? FindOrNull(object target, string name)
    {
        foreach (var candidate in Candidates.GetOrAdd((target.GetType(), name, arguments.Length), Find))
        {
            if (Accepts(candidate.GetParameters()))
            {
                return candidate;
            }
        }

        return null;
    }

    private static MethodInfo[] Find((Type Type, string Name, int Count) key) =>
    [
        .. key.Type.GetMethods(BindingFlags.Instance | BindingFlags.Public).Where(candidate =>
            candidate.Name == key.Name && !candidate.IsGenericMethodDefinition && candidate.GetParameters().Length >= key.Count
            && candidate.GetParameters().Skip(key.Count).All(parameter => parameter.IsOptional)),
    ];

    private bool Accepts(ParameterInfo[] parameters)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var type = parameters[i].ParameterType;
            var accepted = arguments[i] is { } value
                ? type.IsInstanceOfType(value)
                : !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
            if (!accepted)
            {
                return false;
            }
        }

        return true;
    }

    private object?[] Fill(MethodInfo found)
    {
        var parameters = found.GetParameters();
        return parameters.Length == arguments.Length
            ? arguments
            :
            [
                .. arguments,
                .. parameters.Skip(arguments.Length).Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : null),
            ];
    }
}
