using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Endpoints;

/// <summary>
/// Between the named tensors of a call and what the instances of one model take and return: the seam between endpoints and the tensor
/// library. Thread-safe.
/// </summary>
public interface ICallBinder
{
    /// <summary>The model's methods.</summary>
    ModelSignature Signature { get; }

    /// <summary>Joins bound calls of one method to one and splits its answer; null where calls are never joined.</summary>
    IBatchCodec? Codec { get; }

    /// <summary>A call of a method: the argument of <see cref="Run"/>. It holds copies of the inputs in native memory, which
    /// <see cref="IDisposable.Dispose"/> frees; it belongs to the caller.</summary>
    /// <param name="method">Name of the method; empty for the default one.</param>
    /// <param name="inputs">The inputs.</param>
    /// <exception cref="InferenceException">
    /// There is no such method (<see cref="InferenceFailure.MethodNotFound"/>), or the inputs do not fit it
    /// (<see cref="InferenceFailure.InvalidInput"/>); the message has the method's signature.
    /// </exception>
    IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs);

    /// <summary>Runs a bound call on an instance's target: a <see cref="ModelFunction"/>.</summary>
    object? Run(object target, object? call);

    /// <summary>The answer of <see cref="Run"/> as named tensors. Takes ownership of it, also where it throws.</summary>
    /// <exception cref="InferenceException">
    /// The answer holds what is neither a tensor nor a number nor a text: <see cref="InferenceFailure.ModelError"/>.
    /// </exception>
    ModelAnswer ToAnswer(object? result);
}
