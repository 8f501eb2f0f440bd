namespace ZeroCopy.Runtime;

/// <summary>
/// How far a write to a model's tensors reaches: an operation in place, a cache in a buffer, an embedding with <c>max_norm</c>. Whatever is
/// chosen, no write reaches another model, another process or the store; and none of a TorchScript reaches another instance: where it is
/// not proven that its code writes nothing, each instance has a module and a mapping of its own, and is not rented again.
/// </summary>
public enum InstanceIsolation
{
    /// <summary>
    /// All instances of the model in the process: they share every tensor, and are rented again. For models that keep nothing between
    /// calls.
    /// </summary>
    None,
    /// <summary>
    /// The default: buffers, and tensors that no module registered, are each instance's own; parameters are shared, but for modules that
    /// refuse to be cloned and are built by a factory. An instance with code of its user's, which may keep something, is not rented again:
    /// the next holder's answers as a fresh load does.
    /// </summary>
    Buffers,
    /// <summary>
    /// Nothing but the instance that writes: each maps the model for itself, and pays for the pages that it writes. Making an instance
    /// takes longer: its views and its native layers are made anew; on another device it has weights of its own. It is rented again where
    /// it is with <see cref="Buffers"/>.
    /// </summary>
    Mappings,
}
