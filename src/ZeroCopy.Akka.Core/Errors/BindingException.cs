using System.Collections.Immutable;

namespace ZeroCopy.Errors;

/// <summary>The tensors of a model do not fit a module. All differences are named, not only the first.</summary>
public sealed class BindingException(string message, ImmutableArray<string> problems) : ZeroCopyException(message)
{
    /// <summary>One line for each tensor that is missing, surplus, or of another shape, type or device.</summary>
    public ImmutableArray<string> Problems { get; } = problems;
}
