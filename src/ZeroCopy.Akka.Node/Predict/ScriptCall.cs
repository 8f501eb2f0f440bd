using ZeroCopy.Errors;
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
        Parameters =
        [
            .. parameters.Select(parameter => new CallParameter(parameter.Name, ScriptType.Parse(parameter.Type), parameter.IsOptional)),
        ];
    }

    public IReadOnlyList<CallParameter> Parameters { get; }

    public object? Invoke(IReadOnlyList<object?> arguments)
    {
        try
        {
            return _script.Invoke(_method, [.. arguments.Select(TorchArguments.Of)]);
        }
        catch (InferenceException error)
        {
            throw new InputMismatchException($"{error.Message.TrimEnd('.')}. Check the shapes and types of the input.", error);
        }
    }
}
