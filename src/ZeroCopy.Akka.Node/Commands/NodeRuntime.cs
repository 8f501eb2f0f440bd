using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;

namespace ZeroCopy.Node.Commands;

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

    public static NodeRuntime Open(CommandContext context) => Open(context.StoreOptions(), context.Get(GlobalOptions.Models));

    public static NodeRuntime Open(ObjectStoreOptions options, params IReadOnlyList<string> models)
    {
        var catalog = CreateCatalog();
        foreach (var assembly in models)
        {
            catalog.RegisterFrom(assembly);
        }

        var store = ObjectStore.Open(options);
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

    public void Dispose()
    {
        Torch.Dispose();
        Store.Dispose();
    }

    public static ModelCatalog CreateCatalog() =>
        BuiltInModels.AddTo(new ModelCatalog()).Register<DigitClassifier, DigitConfiguration>(
            DigitConfiguration.Key, (_, build) => new DigitClassifier(build.Device));
}
