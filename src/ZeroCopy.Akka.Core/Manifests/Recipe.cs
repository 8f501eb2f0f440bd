using ZeroCopy.Blocks;

namespace ZeroCopy.Manifests;

/// <summary>How a process gets the module around a model's weights. A closed set: recipes are told apart by pattern matching.</summary>
public abstract record Recipe
{
    private Recipe()
    {
    }

    /// <summary>
    /// A TorchScript program without its weights, itself a block of the store. Any node can run it.
    /// </summary>
    /// <param name="Skeleton">The block with the archive.</param>
    public sealed record Script(BlockId Skeleton) : Recipe;

    /// <summary>
    /// A model type that the node's catalog knows. The key is looked up, never a type name taken from a file or from the wire.
    /// </summary>
    /// <param name="Key">The registered key, such as <c>bert</c>.</param>
    /// <param name="Configuration">The configuration as JSON text.</param>
    public sealed record Catalog(string Key, string Configuration) : Recipe;

    /// <summary>
    /// The module's code is not described: the process that put it builds further instances from its live prototype, and any other process
    /// brings a factory of its own.
    /// </summary>
    /// <param name="TypeName">For people to read; never resolved.</param>
    /// <param name="Prototype">
    /// Tells prototypes apart whose weights are equal while their code or managed state is not; empty where the weights come without a
    /// module.
    /// </param>
    public sealed record Weights(string TypeName, string Prototype) : Recipe;
}
