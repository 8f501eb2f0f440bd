namespace ZeroCopy.Torch.Cloning;

/// <summary>What cloning does with an object.</summary>
internal enum CloneKind
{
    /// <summary>The clone holds the same object.</summary>
    Share,
    /// <summary>A copy, then each field that may lead to something cloned.</summary>
    Object,
    Module,
    Tensor,
    Array,
    /// <summary>Filled anew: the hashes of cloned keys differ.</summary>
    Dictionary,
    Set,
    Delegate,
    /// <summary>A fresh lock.</summary>
    Lock,
    Refuse,
}
