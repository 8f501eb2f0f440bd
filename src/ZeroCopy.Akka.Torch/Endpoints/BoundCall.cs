using ZeroCopy.Endpoints;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>A call of a method with its arguments, of which it owns the tensors.</summary>
/// <param name="method">The method.</param>
/// <param name="values">An argument for each input.</param>
/// <param name="isJoined">Whether it stands for several calls, whose answers are copied out of its own.</param>
internal sealed class BoundCall(MethodSignature method, object?[] values, bool isJoined = false) : ICallArguments, IDisposable
{
    public MethodSignature Method => method;

    public object?[] Values => values;

    public bool IsJoined => isJoined;

    /// <inheritdoc/>
    public object With(object?[] values) => new BoundCall(method, values, isJoined);

    public void Dispose() => Answers.ForEach(this, static held => held.Dispose());
}
