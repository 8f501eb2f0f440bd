namespace ZeroCopy.Torch.Cloning;

/// <summary>What a cloned tensor has in common with its source.</summary>
internal enum TensorSharing
{
    /// <summary>The storage; the native tensor is its own.</summary>
    Storage,
    /// <summary>The native tensor too: a native layer holds it.</summary>
    SameTensor,
    /// <summary>Nothing.</summary>
    Copy,
}
