using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>BERT with the names and the configuration of Hugging Face's checkpoints.</summary>
internal sealed class BertModelTypes : IModelTypes
{
    public void Register(ModelCatalog catalog) => catalog.Register<BertModel, BertConfiguration>(
        BertModel.CatalogKey,
        (configuration, build) => new BertModel(configuration, build.Device, build.ElementType("embeddings.word_embeddings.weight")),
        BertCheckpoint.Adapt);
}
