using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// A TorchScript module whose weights are the store's blocks. Belongs to the instance that gave it out, which disposes it. One call at a
/// time.
/// </summary>
public sealed class ScriptProgram
{
    private readonly torch.jit.ScriptModule _module;
    private readonly string _name;
    private readonly Dictionary<string, AdaptedMethod> _adapted;
    private readonly ImmutableSortedDictionary<string, ScriptType> _refused;
    private readonly ImmutableHashSet<string> _lending;
    private readonly bool _isStateful;

    internal ScriptProgram(torch.jit.ScriptModule module, ScriptFacts facts, string name)
    {
        _module = module;
        _name = name;
        Methods = facts.Methods;
        _refused = facts.Refused;
        // An instance that has the module for itself lends it as PyTorch does.
        _lending = facts.Stateful ? [] : facts.Lending;
        _isStateful = facts.Stateful;
        _adapted = facts.Adapted.ToDictionary(
            item => item.Key,
            item => new AdaptedMethod([.. Methods[item.Key].Select(parameter => ScriptType.Parse(parameter.Type))], item.Value),
            StringComparer.Ordinal);
    }

    /// <summary>The methods that can be called, with their arguments in order.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>> Methods { get; }

    internal torch.jit.ScriptModule Module => _module;

    /// <summary>Calls <c>forward</c>; see <see cref="Invoke"/>.</summary>
    public object? Forward(params object?[] arguments) => Invoke("forward", arguments);

    /// <summary>
    /// Calls a method. Arguments are what its types say: tensors, integers, floating-point and complex numbers, booleans, strings,
    /// devices (or their text), null, and lists (any enumerable), tuples and dictionaries of those. So is the answer: integers are
    /// <see cref="long"/>, numbers <see cref="double"/>, complex ones <see cref="System.Numerics.Complex"/>, lists arrays, tuples and named
    /// tuples value tuples, devices their text. The caller disposes its tensors. <see cref="Type.Missing"/> stands for an argument with a
    /// default that is left out before others.
    /// </summary>
    /// <exception cref="MethodNotAllowedException">The script has no such method; the message lists those it has.</exception>
    /// <exception cref="InferenceException">The script raised an error, or the arguments do not fit.</exception>
    public object? Invoke(string method, params object?[] arguments) => Call(method, arguments, isOwned: false);

    /// <summary>As <see cref="Invoke"/>, with an answer that no later call of the program changes.</summary>
    internal object? InvokeOwned(string method, object?[] arguments) => Call(method, arguments, isOwned: true);

    /// <summary>Why a method with a result of that type, which is no data, cannot be called.</summary>
    internal static string ReasonAgainst(ScriptType result) =>
        $"its answer is of the type {result}, which only TorchScript can hold; answer with tensors, numbers, texts, or lists, tuples and "
        + "dictionaries of them";

    private object? Call(string method, object?[] arguments, bool isOwned)
    {
        if (!Methods.TryGetValue(method, out var parameters))
        {
            throw new MethodNotAllowedException($"{_name} has no method '{method}'; it has {string.Join(", ", Methods.Keys)}.", method);
        }

        if (_refused.TryGetValue(method, out var result))
        {
            throw Invalid(method, ReasonAgainst(result));
        }

        var given = WithoutMissingAtEnd(arguments);
        if (given.Length > parameters.Length)
        {
            throw Invalid(method, $"{given.Length} arguments are given where {parameters.Length} are taken");
        }

        try
        {
            var adapted = _adapted.GetValueOrDefault(method);
            if (given.Contains(Type.Missing))
            {
                return adapted is not null
                    ? InvokeAdapted(method, parameters, given, adapted, isOwned)
                    : throw Invalid(
                        method, "an argument cannot be left out before others here: put the model again, or give all up to the last");
            }

            return adapted is { IsPlain: false }
                ? InvokeAdapted(method, parameters, given, adapted, isOwned)
                : Number(Owned(method, InvokePlain(method, given), isOwned));
        }
        catch (ExternalException exception)
        {
            throw new InferenceException(
                InferenceFailure.ModelError, $"{_name}.{method}: {LibTorchError.FirstLine(exception)}", exception)
            {
                CausedByInput = LibTorchError.IsRefusal(exception),
            };
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // TorchSharp looks for the parts of an answer that it has taken none of.
            throw new InferenceException(
                InferenceFailure.ModelError,
                $"{_name}.{method}: this answer is neither a tensor, a number or a text, nor made of them", exception);
        }
        catch (Exception exception) when (exception is NotImplementedException or ArgumentException)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{_name}.{method}: {exception.Message}", exception);
        }
    }

    // TorchSharp makes the native half of a number in passing, which the collector may free before libtorch reads it: see HeldNumber.
    private object? InvokePlain(string method, object?[] given)
    {
        var held = new object?[given.Length];
        for (var i = 0; i < given.Length; i++)
        {
            held[i] = given[i] switch
            {
                long number => (Scalar)number,
                double number => (Scalar)number,
                float number => (Scalar)number,
                var argument => argument,
            };
        }

        var answer = _module.invoke(method, held!);
        GC.KeepAlive(held);
        return answer;
    }

    private static object?[] WithoutMissingAtEnd(object?[] arguments)
    {
        var count = arguments.Length;
        while (count > 0 && arguments[count - 1] == Type.Missing)
        {
            count--;
        }

        return arguments[..count];
    }

    private InferenceException Invalid(string method, string problem) => new(InferenceFailure.InvalidInput, $"{_name}.{method}: {problem}");

    private object? InvokeAdapted(
        string method, ImmutableArray<ScriptParameter> parameters, object?[] arguments, AdaptedMethod adapted, bool isOwned)
    {
        using var scope = torch.NewDisposeScope();
        // One argument, an array: without the object it would be taken for all arguments.
        object given = ScriptValues.Write(parameters, adapted.Types, arguments);
        var answer = ScriptValues.Read(
            adapted.Result, (torch.Tensor[])Owned(method, _module.invoke(ScriptAdapter.NameOf(method), given), isOwned)!);
        Answers.MoveOut(answer);
        return answer;
    }

    // Who gets an answer may write to it; tensors of a module that others use as well are copied.
    private object? Owned(string method, object? answer, bool isOwned) =>
        _lending.Contains(method) || (isOwned && _isStateful) ? Copied(answer) : answer;

    private static object? Copied(object? answer) => answer switch
    {
        torch.Tensor tensor => Copy(tensor),
        torch.Tensor[] tensors => Array.ConvertAll(tensors, Copy),
        object?[] items => Array.ConvertAll(items, Copied),
        ITuple tuple => Activator.CreateInstance(
            tuple.GetType(), [.. tuple.GetType().GetFields().Select(field => Copied(field.GetValue(tuple)))]),
        _ => answer,
    };

    private static torch.Tensor Copy(torch.Tensor tensor)
    {
        using (tensor)
        {
            return tensor.clone();
        }
    }

    private static object? Number(object? answer)
    {
        if (answer is not Scalar scalar)
        {
            return answer;
        }

        object number = scalar.Type switch
        {
            torch.ScalarType.Bool => scalar.ToBoolean(),
            torch.ScalarType.Int64 => scalar.ToInt64(),
            _ => scalar.ToDouble(),
        };
        // The collector may free its native half while it is read: see HeldNumber.
        GC.KeepAlive(scalar);
        return number;
    }

    /// <summary>A method that can be called through its adapter.</summary>
    private sealed record AdaptedMethod(ImmutableArray<ScriptType> Types, ScriptType Result)
    {
        /// <summary>Whether it can be called without.</summary>
        public bool IsPlain { get; } = Result.IsPlainResult && Types.All(type => type.IsPlainArgument);
    }
}
