using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.OwnModels;

/// <summary>What an assembly of a user's own brings: found by <see cref="ModelCatalog.RegisterFrom"/>, referenced by nobody.</summary>
public sealed class OwnModelTypes : IModelTypes
{
    public void Register(ModelCatalog catalog) =>
        catalog.Register<OwnLinear, OwnConfiguration>("own-linear", (configuration, build) => new OwnLinear(configuration, build.Device));
}
