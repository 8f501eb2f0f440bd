using System.Collections.Frozen;
using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// What scripts and modules have in common: inputs are found by <see cref="ArgumentBinder"/>, read by <see cref="ArgumentReader"/> and
/// copied to native memory by <see cref="TorchArguments"/>, each step for all arguments before the next, so that nothing is copied for a
/// call that does not fit.
/// </summary>
internal abstract class CallBinder : ICallBinder
{
    private readonly string _model;
    private readonly torch.Device? _device;
    private readonly FrozenDictionary<string, CallMethod> _methods;

    /// <summary>A binder for the methods of a model.</summary>
    /// <param name="model">The model, for errors.</param>
    /// <param name="methods">The methods that can be called.</param>
    /// <param name="device">Where the model runs; null for the CPU.</param>
    protected CallBinder(string model, IEnumerable<MethodSignature> methods, torch.Device? device)
    {
        _model = model;
        _device = device;
        Codec = new CallCodec(device);
        Signature = new ModelSignature([.. methods]);
        _methods = Signature.Methods.ToFrozenDictionary(method => method.Name, CallMethod.Of, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public ModelSignature Signature { get; }

    /// <inheritdoc/>
    public IBatchCodec? Codec { get; }

    /// <inheritdoc/>
    public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        var found = Find(method.Length == 0 ? Signature.Default : method);
        try
        {
            var named = new NamedValue<NamedTensor>[inputs.Count];
            for (var i = 0; i < named.Length; i++)
            {
                named[i] = new NamedValue<NamedTensor>(inputs[i].Name, inputs[i]);
            }

            var given = ArgumentBinder.Assign(found, named, isOrdered: true);
            var values = new object?[given.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = given[i].Length == 0 ? LeftOut(found, i) : Argument(found, i, Read(found, i, given[i]));
            }

            return new BoundCall(found.Signature, TorchArguments.Of(values, _device));
        }
        catch (InputMismatchException error)
        {
            throw new InferenceException(
                InferenceFailure.InvalidInput, $"{error.Message} The method of {_model} is {found.Signature}.", error);
        }
    }

    /// <inheritdoc/>
    public object? Run(object target, object? call)
    {
        var bound = (BoundCall)call!;
        try
        {
            var answer = Invoke(target, bound.Method.Name, TorchArguments.ToTorch(bound.Values, _device));
            return bound.IsJoined ? answer : SmallAnswer.TryCopy(answer) ?? Owned(answer, target);
        }
        catch (Exception error) when (error is not (InferenceException or OutOfMemoryException))
        {
            // libtorch's messages go on with a native stack trace behind their first line.
            var line = error.Message.Trim().Split('\n')[0].TrimEnd('\r', '.');
            var isRefusal = LibTorchError.IsRefusal(error);
            var hint = isRefusal ? $". The method is {bound.Method}." : "";
            throw new InferenceException(InferenceFailure.ModelError, $"{_model}.{bound.Method.Name}: {line}{hint}", error)
            {
                CausedByInput = isRefusal,
            };
        }
    }

    /// <inheritdoc/>
    public ModelAnswer ToAnswer(object? result) => AnswerBuilder.Build(result, _model);

    /// <summary>Calls a method of an instance.</summary>
    protected abstract object? Invoke(object target, string method, object?[] arguments);

    /// <summary>An answer that is the caller's own, whatever the instance does afterwards.</summary>
    protected virtual object? Owned(object? answer, object target) => answer;

    /// <summary>What stands for an argument that is left out.</summary>
    protected abstract object? LeftOut(CallMethod method, int index);

    /// <summary>An argument as the method takes it.</summary>
    /// <exception cref="InputMismatchException">The method cannot take the value.</exception>
    protected virtual object? Argument(CallMethod method, int index, object? value) => value;

    /// <summary>Why a method that the model has cannot be called; null where it has none of that name.</summary>
    protected virtual string? ReasonAgainst(string method) => null;

    private CallMethod Find(string method)
    {
        if (_methods.TryGetValue(method, out var found))
        {
            return found;
        }

        var names = _methods.Count == 0 ? "none" : string.Join(", ", Signature.Methods.Select(other => other.Name));
        throw new InferenceException(
            InferenceFailure.MethodNotFound,
            ReasonAgainst(method) is { } reason
                ? $"The method '{method}' of {_model} cannot be called: {reason}."
                : $"{_model} has no method '{method}' that takes tensors; it has {names}.");
    }

    private static object? Read(CallMethod method, int index, ArgumentPart<NamedTensor>[] given)
    {
        var input = method.Inputs[index];
        var value = ArgumentReader.Read(method.Types[index], input.Name, given);
        if (value is HostTensor tensor && (IsOther(input.DType, tensor.Layout.DType) || IsOther(input.Shape, tensor.Layout.Shape)))
        {
            throw new InputMismatchException($"'{input.Name}' must be {input.Describe()}, and the input has {tensor.Layout}.");
        }

        return value;
    }

    private static bool IsOther(DType? expected, DType given) => expected is { } dtype && dtype != given;

    private static bool IsOther(ImmutableArray<long> expected, ImmutableArray<long> given) =>
        !expected.IsDefault && (expected.Length != given.Length || HasOtherSize(expected.AsSpan(), given.AsSpan()));

    private static bool HasOtherSize(ReadOnlySpan<long> expected, ReadOnlySpan<long> given)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] >= 0 && expected[i] != given[i])
            {
                return true;
            }
        }

        return false;
    }
}
