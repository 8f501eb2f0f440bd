using System.Collections.Immutable;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// A TorchScript module whose weights are the store's blocks. Belongs to the instance that gave it out, which disposes it. One call at a time.
/// </summary>
public sealed class ScriptProgram
{
    private readonly torch.jit.ScriptModule _module;
    private readonly string _name;

    internal ScriptProgram(torch.jit.ScriptModule module, ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>> methods, string name)
    {
        _module = module;
        _name = name;
        Methods = methods;
    }

    /// <summary>The methods that can be called, with their arguments in order.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>> Methods { get; }

    internal torch.jit.ScriptModule Module => _module;

    /// <summary>Calls <c>forward</c>; see <see cref="Invoke"/>.</summary>
    public object? Forward(params object?[] arguments) => Invoke("forward", arguments);

    /// <summary>
    /// Calls a method. Arguments are tensors, integers, floating-point numbers, booleans, strings, or null; the answer is a tensor, a tuple or
    /// list of tensors, a dictionary, a number, or null. The caller disposes its tensors.
    /// </summary>
    /// <exception cref="MethodNotAllowedException">The script has no such method; the message lists those it has.</exception>
    /// <exception cref="InferenceException">The script raised an error, or the arguments do not fit.</exception>
    public object? Invoke(string method, params object?[] arguments)
    {
        if (!Methods.ContainsKey(method))
        {
            throw new MethodNotAllowedException($"{_name} has no method '{method}'; it has {string.Join(", ", Methods.Keys)}.", method);
        }

        try
        {
            return _module.invoke(method, arguments!);
        }
        catch (ExternalException exception)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{_name}.{method}: {ScriptLoader.FirstLine(exception)}", exception);
        }
    }
}
