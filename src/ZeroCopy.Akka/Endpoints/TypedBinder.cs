using TorchSharp;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Endpoints;

/// <summary>
/// Calls by named tensors of pools whose function takes a tensor, an array of tensors (the inputs in their order), or a dictionary of them
/// (by their names). The function is their one method. Thread-safe and without state.
/// </summary>
internal sealed class TypedBinder : ICallBinder
{
    private readonly Type _input;

    private TypedBinder(Type input, ValueSignature signature)
    {
        _input = input;
        Signature = new ModelSignature([new MethodSignature(ModelSignature.Forward, [signature], [])]);
    }

    /// <inheritdoc/>
    public ModelSignature Signature { get; }

    /// <summary>The pool has a codec for what its function takes.</summary>
    public IBatchCodec? Codec => null;

    /// <summary>The binder of pools that take the type; null where named tensors are no such thing.</summary>
    public static TypedBinder? For(Type input) =>
        input == typeof(torch.Tensor) ? new(input, new ValueSignature("input"))
        : input == typeof(torch.Tensor[]) ? new(input, new ValueSignature("inputs", "List[Tensor]"))
        : input == typeof(Dictionary<string, torch.Tensor>) ? new(input, new ValueSignature("inputs", "Dict[str, Tensor]"))
        : null;

    /// <inheritdoc/>
    public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs)
    {
        if (Signature.Find(method) is null)
        {
            throw new InferenceException(
                InferenceFailure.MethodNotFound,
                $"There is no method '{method}': a pool that was made in code runs its own function, so the method stays empty.");
        }

        if (inputs.FirstOrDefault(input => input.IsText || input.IsNone) is { } other)
        {
            throw Mismatch($"it takes tensors, and '{other.Name}' is {(other.IsText ? "a text" : "nothing")}");
        }

        if (_input == typeof(torch.Tensor[]))
        {
            return new Argument(inputs.Select(Copy).ToArray());
        }

        if (_input == typeof(torch.Tensor))
        {
            return inputs is [var only] ? Copy(only) : throw Mismatch($"it takes one tensor, and {inputs.Count} were given");
        }

        var names = inputs.Select(input => input.Name).ToArray();
        return names.Distinct().Count() == names.Length && !names.Contains("")
            ? new Argument(inputs.ToDictionary(input => input.Name, Copy))
            : throw Mismatch($"it takes tensors by name, each once, and got '{string.Join("', '", names)}'");
    }

    /// <summary>Not called: the pool runs its own function.</summary>
    public object? Run(object target, object? call) =>
        throw new NotSupportedException("A pool that was made in code runs its own function.");

    /// <inheritdoc/>
    public ModelAnswer ToAnswer(object? result) => AnswerBuilder.Build(result, "The pool's function");

    // A dispose scope of the caller has no part in it: the call owns the copy.
    private static torch.Tensor Copy(NamedTensor input) => input.Tensor.ToTorch().DetachFromDisposeScope();

    private static InferenceException Mismatch(string message) =>
        new(InferenceFailure.InvalidInput, $"The inputs do not fit the pool's function: {message}.");

    /// <summary>An array or a dictionary of tensors.</summary>
    internal sealed class Argument(object value) : IBoundArgument
    {
        public object Value => value;

        public void Dispose() => Answers.Release(value);
    }
}
