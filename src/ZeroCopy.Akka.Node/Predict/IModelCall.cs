namespace ZeroCopy.Node.Predict;

/// <summary>A method of a materialised model that can be called with what files hold.</summary>
internal interface IModelCall
{
    /// <summary>Its arguments in order.</summary>
    IReadOnlyList<CallParameter> Parameters { get; }

    /// <summary>
    /// Calls it; one argument a parameter, in the form that <see cref="InputValue.As"/> returns, <see cref="Type.Missing"/> where it is
    /// left out. The caller disposes the tensors of the answer.
    /// </summary>
    object? Invoke(IReadOnlyList<object?> arguments);
}
