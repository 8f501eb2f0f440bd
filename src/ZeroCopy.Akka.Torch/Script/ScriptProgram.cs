using System.Collections.Immutable;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// A TorchScript module whose weights are the store's blocks. Belongs to the instance that gave it out, which disposes it. One call at a time.
/// </summary>
public sealed class ScriptProgram
{
    private readonly torch.jit.ScriptModule _module;
    private readonly string _name;
    private readonly ImmutableSortedDictionary<string, ScriptType> _adapted;

    internal ScriptProgram(torch.jit.ScriptModule module, ScriptFacts facts, string name)
    {
        _module = module;
        _name = name;
        _adapted = facts.Adapted;
        Methods = facts.Methods;
    }

    /// <summary>The methods that can be called, with their arguments in order.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>> Methods { get; }

    internal torch.jit.ScriptModule Module => _module;

    /// <summary>Calls <c>forward</c>; see <see cref="Invoke"/>.</summary>
    public object? Forward(params object?[] arguments) => Invoke("forward", arguments);

    /// <summary>
    /// Calls a method. Arguments are what its types say: tensors, integers, floating-point numbers, booleans, strings, null, and lists
    /// (any enumerable), tuples and dictionaries of those. So is the answer: integers are <see cref="long"/>, numbers <see cref="double"/>,
    /// lists arrays, tuples value tuples. The caller disposes its tensors.
    /// </summary>
    /// <exception cref="MethodNotAllowedException">The script has no such method; the message lists those it has.</exception>
    /// <exception cref="InferenceException">The script raised an error, or the arguments do not fit.</exception>
    public object? Invoke(string method, params object?[] arguments)
    {
        if (!Methods.TryGetValue(method, out var parameters))
        {
            throw new MethodNotAllowedException($"{_name} has no method '{method}'; it has {string.Join(", ", Methods.Keys)}.", method);
        }

        try
        {
            return _adapted.TryGetValue(method, out var result)
                ? InvokeAdapted(method, parameters, arguments, result)
                : Number(_module.invoke(method, arguments!));
        }
        catch (ExternalException exception)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{_name}.{method}: {ScriptLoader.FirstLine(exception)}", exception);
        }
        catch (Exception exception) when (exception is NotImplementedException or ArgumentException)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{_name}.{method}: {exception.Message}", exception);
        }
    }

    private object? InvokeAdapted(string method, ImmutableArray<ScriptParameter> parameters, object?[] arguments, ScriptType result)
    {
        using var scope = torch.NewDisposeScope();
        // One argument, an array: without the object it would be taken for all arguments.
        object given = ScriptValues.Write(parameters, arguments);
        var answer = ScriptValues.Read(result, (torch.Tensor[])_module.invoke(ScriptAdapter.NameOf(method), given));
        Answers.MoveOut(answer);
        return answer;
    }

    private static object? Number(object? answer) => answer is not Scalar scalar ? answer : scalar.Type switch
    {
        torch.ScalarType.Bool => (object)scalar.ToBoolean(),
        torch.ScalarType.Int64 => scalar.ToInt64(),
        _ => scalar.ToDouble(),
    };
}
