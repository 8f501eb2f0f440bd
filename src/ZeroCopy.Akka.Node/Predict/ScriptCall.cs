using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>A method of a TorchScript program.</summary>
internal sealed class ScriptCall : IModelCall
{
    private readonly ScriptProgram _script;
    private readonly string _method;

    public ScriptCall(ScriptProgram script, string model, string method)
    {
        if (!script.Methods.TryGetValue(method, out var parameters))
        {
            throw new MethodNotAllowedException(
                $"{model} has no method '{method}'; it has {string.Join(", ", script.Methods.Keys)}. Choose one with --method.", method);
        }

        (_script, _method) = (script, method);
        Parameters = [.. parameters.Select(parameter => new CallParameter(parameter.Name, Kind(parameter.Type), parameter.IsOptional))];
    }

    public IReadOnlyList<CallParameter> Parameters { get; }

    public object? Invoke(IReadOnlyList<HostTensor?> arguments)
    {
        // A default of TorchScript counts from the end: arguments that are left out there are not passed at all.
        var given = arguments.Count;
        while (given > 0 && arguments[given - 1] is null && Parameters[given - 1].IsOptional)
        {
            given--;
        }

        object?[] values = [.. Parameters.Take(given).Select((parameter, index) => TorchTensors.Argument(parameter, arguments[index]))];
        try
        {
            return _script.Invoke(_method, values);
        }
        catch (InferenceException error)
        {
            throw new InputMismatchException($"{error.Message.TrimEnd('.')}. Check the shapes and types of the input.", error);
        }
    }

    private static ArgumentKind Kind(string type) => type switch
    {
        "Tensor" or "Optional[Tensor]" => ArgumentKind.Tensor,
        "int" or "Optional[int]" => ArgumentKind.Integer,
        "float" or "Optional[float]" or "number" => ArgumentKind.Number,
        "bool" or "Optional[bool]" => ArgumentKind.Boolean,
        _ => ArgumentKind.Other,
    };
}
