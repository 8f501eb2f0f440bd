using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Node.Predict;

/// <summary>A value of a file for an argument, before the argument's type is known.</summary>
internal abstract class InputValue
{
    /// <summary>The value as inputs of a call: one of the name, or its parts, with names that begin with it.</summary>
    /// <param name="name">The argument, or the part of one.</param>
    /// <param name="type">What it is; null where it is no part that the argument has.</param>
    /// <exception cref="ZeroCopy.Torch.Endpoints.InputMismatchException">The value is not of that type.</exception>
    public abstract IEnumerable<NamedTensor> ToInputs(string name, ScriptType? type);
}
