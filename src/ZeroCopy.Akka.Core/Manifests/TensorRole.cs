namespace ZeroCopy.Manifests;

/// <summary>What a tensor is to its module.</summary>
public enum TensorRole
{
    /// <summary>A trainable weight.</summary>
    Parameter,
    /// <summary>A buffer that belongs to the state dictionary, such as the running mean of a batch norm.</summary>
    Buffer,
    /// <summary>A buffer that the state dictionary leaves out (<c>persistent: false</c>).</summary>
    TransientBuffer,
    /// <summary>A tensor held in a plain attribute.</summary>
    Attribute,
}
