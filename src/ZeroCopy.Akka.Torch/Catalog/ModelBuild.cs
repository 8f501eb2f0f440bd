using TorchSharp;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// What a factory may use to build a module cheaply around weights that exist already. A factory that ignores it still works: its tensors
/// are replaced by views after it returns.
/// </summary>
public sealed class ModelBuild
{
    /// <summary>
    /// Where to create tensors that will be bound anyway: META where the runtime can bind such tensors, so that nothing is allocated or initialised.
    /// Modules that hold a native implementation (embeddings, recurrent layers, attention) must be built on the CPU or around <see cref="Tensor"/>.
    /// </summary>
    public torch.Device Device => throw new NotImplementedException();

    /// <summary>
    /// A view of the stored tensor of that name (a tie's alias counts), owned by the runtime; pass it to functions that take a tensor, such as
    /// <c>Embedding_from_pretrained</c>.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.BindingException">The model has no such tensor.</exception>
    public torch.Tensor Tensor(string name) => throw new NotImplementedException();
}
