using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch.Models;

/// <summary>The model types that come with the product: those of its classes that implement <see cref="IModelTypes"/>.</summary>
public static class BuiltInModels
{
    /// <summary>Registers <c>bert</c>.</summary>
    /// <exception cref="ArgumentException">A key is taken.</exception>
    public static ModelCatalog AddTo(ModelCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        foreach (var types in ModelAssembly.TypesOf(typeof(BuiltInModels).Assembly))
        {
            types.Register(catalog);
        }

        return catalog;
    }
}
