namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>What an operator does with its arguments.</summary>
internal enum OperatorKind
{
    /// <summary>Its answer shares no memory with an argument.</summary>
    Fresh,
    /// <summary>Its answer may be its first argument, or a view of it.</summary>
    View,
    /// <summary>Its answer is a list of views of its first argument.</summary>
    Views,
    /// <summary>Its answer is a list, dictionary or tuple that holds what its arguments hold.</summary>
    Container,
    /// <summary>Its answer may be, or hold, any of its arguments.</summary>
    Unknown,
    /// <summary>It may write to anything.</summary>
    Opaque,
}
