namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>What is known of a value as a condition.</summary>
internal enum Truth
{
    /// <summary>Nothing.</summary>
    Unknown,
    /// <summary>It is true.</summary>
    True,
    /// <summary>It is false.</summary>
    False,
    /// <summary>It is <c>None</c>.</summary>
    None,
}
