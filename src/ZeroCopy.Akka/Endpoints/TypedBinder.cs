using System.Globalization;
using TorchSharp;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Endpoints;

/// <summary>
/// Calls by named tensors of pools whose function takes a tensor, an array of tensors (the inputs in their order, or by their positions
/// <c>inputs.0</c> or <c>INPUT__0</c> and so on), or a dictionary of them (by their names, which may have <c>inputs.</c> before them as
/// those of the parts of a dictionary have). The function is their one method. Thread-safe and without state.
/// </summary>
internal sealed class TypedBinder : ICallBinder
{
    private const string Inputs = "inputs";
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
        : input == typeof(torch.Tensor[]) ? new(input, new ValueSignature(Inputs, "List[Tensor]"))
        : input == typeof(Dictionary<string, torch.Tensor>) ? new(input, new ValueSignature(Inputs, "Dict[str, Tensor]"))
        : null;

    /// <inheritdoc/>
    public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        if (Signature.Find(method) is null)
        {
            throw new InferenceException(
                InferenceFailure.MethodNotFound,
                $"There is no method '{method}': a pool that was made in code runs its own function, '{ModelSignature.Forward}', so the "
                + "method stays empty.");
        }

        foreach (var input in inputs)
        {
            if (input.IsText || input.IsNone)
            {
                throw Mismatch($"it takes tensors, and '{input.Name}' is {(input.IsText ? "a text" : "nothing")}");
            }

            if (!input.Tensor.Layout.DType.IsInTorch())
            {
                throw Mismatch($"'{input.Name}' is {input.Tensor.Layout.DType.ToToken()}, a type that libtorch has no tensors of");
            }
        }

        if (_input == typeof(torch.Tensor[]))
        {
            return new Argument(Copies(Placed(inputs)));
        }

        if (_input == typeof(torch.Tensor))
        {
            return inputs is [var only] ? Copies([only])[0] : throw Mismatch($"it takes one tensor, and {inputs.Count} were given");
        }

        var names = Keys(inputs);
        return names.Distinct().Count() == names.Length && !names.Contains("")
            ? new Argument(names.Zip(Copies(inputs)).ToDictionary(named => named.First, named => named.Second))
            : throw Mismatch($"it takes tensors by name, each once, and got {List(inputs)}");
    }

    /// <summary>Not called: the pool runs its own function.</summary>
    public object? Run(object target, object? call) =>
        throw new NotSupportedException("A pool that was made in code runs its own function.");

    /// <inheritdoc/>
    public ModelAnswer ToAnswer(object? result) => AnswerBuilder.Build(result, "The pool's function");

    // A dispose scope of the caller has no part in them: the call owns the copies.
    private static torch.Tensor[] Copies(IReadOnlyList<NamedTensor> inputs)
    {
        var copies = new torch.Tensor[inputs.Count];
        try
        {
            for (var i = 0; i < copies.Length; i++)
            {
                copies[i] = inputs[i].Tensor.ToTorch().DetachFromDisposeScope();
            }

            return copies;
        }
        catch
        {
            Answers.Release(copies.TakeWhile(copy => copy is not null).ToArray());
            throw;
        }
    }

    /// <summary>The inputs in the order of their positions, where their names are those, else as they came.</summary>
    private IReadOnlyList<NamedTensor> Placed(IReadOnlyList<NamedTensor> inputs)
    {
        foreach (var prefix in (ReadOnlySpan<string>)[$"{Inputs}.", ArgumentBinder.Position])
        {
            if (inputs.Any(input => input.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                var places = Enumerable.Range(0, inputs.Count).Select(place => prefix + place.ToString(CultureInfo.InvariantCulture))
                    .Select(name => inputs.FirstOrDefault(input => input.Name == name)).OfType<NamedTensor>().ToList();
                return places.Count == inputs.Count
                    ? places : throw Mismatch($"it takes {prefix}0, {prefix}1 and so on, each once, and got {List(inputs)}");
            }
        }

        return inputs;
    }

    private static string[] Keys(IReadOnlyList<NamedTensor> inputs)
    {
        const string prefix = $"{Inputs}.";
        var areParts = inputs.All(input => input.Name.StartsWith(prefix, StringComparison.Ordinal));
        return [.. inputs.Select(input => areParts ? input.Name[prefix.Length..] : input.Name)];
    }

    private static string List(IReadOnlyList<NamedTensor> inputs) =>
        inputs.Count == 0 ? "none" : string.Join(", ", inputs.Select(input => $"'{input.Name}'"));

    private InferenceException Mismatch(string message) => new(
        InferenceFailure.InvalidInput, $"The inputs do not fit the pool's function: {message}. The function is {Signature.Methods[0]}.");

    /// <summary>An array or a dictionary of tensors.</summary>
    internal sealed class Argument(object value) : IBoundArgument
    {
        public object Value => value;

        public void Dispose() => Answers.Release(value);
    }
}
