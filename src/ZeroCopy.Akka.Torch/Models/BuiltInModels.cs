using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Torch.Models;

/// <summary>The model types that come with the product.</summary>
public static class BuiltInModels
{
    /// <summary>Registers <c>bert</c>.</summary>
    /// <exception cref="ArgumentException">A key is taken.</exception>
    public static ModelCatalog AddTo(ModelCatalog catalog) => catalog.Register<BertModel, BertConfiguration>(
        BertModel.CatalogKey,
        (configuration, build) => new BertModel(configuration, build.Device, build.ElementType("embeddings.word_embeddings.weight")));
}
