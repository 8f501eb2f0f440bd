namespace ZeroCopy.Node.Predict;

/// <summary>What an argument is to the model.</summary>
internal enum ArgumentKind
{
    Tensor,
    /// <summary>One integer.</summary>
    Integer,
    /// <summary>One floating-point number.</summary>
    Number,
    /// <summary>True or false.</summary>
    Boolean,
    /// <summary>Something that a file of tensors cannot hold.</summary>
    Other,
}
