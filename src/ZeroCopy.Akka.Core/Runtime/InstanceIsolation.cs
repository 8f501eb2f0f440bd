namespace ZeroCopy.Runtime;

/// <summary>
/// How far a write to a model's tensors reaches: an operation in place, a batch norm that is training, an embedding with <c>max_norm</c>.
/// Whatever is chosen, no write reaches another model, another process or the store; and none of a TorchScript reaches another instance:
/// where it is not proven that its code writes nothing, each instance has a module and a mapping of its own, and is not rented again.
/// </summary>
public enum InstanceIsolation
{
    /// <summary>All instances of the model in the process: they share every tensor. The default, for models that do not write.</summary>
    None,
    /// <summary>Buffers, such as running statistics, are copied for each instance; parameters are shared.</summary>
    Buffers,
    /// <summary>
    /// Nothing but the instance that writes: each maps the model for itself, and pays for the pages that it writes. Making an instance
    /// takes longer: its views and its native layers are made anew; on another device it has weights of its own.
    /// </summary>
    Mappings,
}
