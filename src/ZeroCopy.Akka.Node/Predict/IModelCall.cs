using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Predict;

/// <summary>A method of a materialised model that can be called with tensors.</summary>
internal interface IModelCall
{
    /// <summary>Its arguments in order.</summary>
    IReadOnlyList<CallParameter> Parameters { get; }

    /// <summary>Calls it; one argument a parameter, null where it is left out. The caller disposes the tensors of the answer.</summary>
    object? Invoke(IReadOnlyList<HostTensor?> arguments);
}
