using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>A value for an argument, before the argument's type is known.</summary>
internal abstract class InputValue
{
    /// <summary>
    /// The value as one of a type: a <see cref="HostTensor"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>,
    /// <see cref="System.Numerics.Complex"/> or <see cref="string"/>, null, or an array, a list or a dictionary of those.
    /// </summary>
    /// <param name="type">What the argument is.</param>
    /// <param name="name">The argument, for errors.</param>
    /// <exception cref="InputMismatchException">The value is not of that type.</exception>
    public object? As(ScriptType type, string name) => type.Name == "Optional" && type.Arguments is [var some]
        ? IsNothing ? null : As(some, name)
        : type.IsData || type.Name == "number" ? Convert(type, name)
        : throw new InputMismatchException($"'{name}' is of the type {type}, of which no value can be given here.");

    /// <summary>Whether the value says that there is none.</summary>
    protected virtual bool IsNothing => false;

    /// <summary>The value as one of a type that is data and is not optional.</summary>
    protected abstract object? Convert(ScriptType type, string name);
}
