using ZeroCopy.Node.Cli;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Node;

/// <summary>The store and the tensor runtime of one command, with every model type that this executable can build.</summary>
internal sealed class NodeRuntime : IDisposable
{
    private NodeRuntime(ObjectStore store, ModelCatalog catalog)
    {
        Store = store;
        Torch = new TorchRuntime(store, catalog);
    }

    public ObjectStore Store { get; }

    public TorchRuntime Torch { get; }

    /// <inheritdoc cref="CommandContext.OpenStore(bool)"/>
    public static NodeRuntime Open(CommandContext context, bool creates = false)
    {
        var catalog = Catalog(context);
        var store = context.OpenStore(creates);
        try
        {
            return new NodeRuntime(store, catalog);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>The model types that this executable can build, and those of the assemblies that the command names.</summary>
    public static ModelCatalog Catalog(CommandContext context)
    {
        var catalog = NodeModels.Create();
        foreach (var assembly in context.Get(GlobalOptions.Models))
        {
            catalog.RegisterFrom(assembly);
        }

        return catalog;
    }

    public void Dispose()
    {
        Torch.Dispose();
        Store.Dispose();
    }
}
