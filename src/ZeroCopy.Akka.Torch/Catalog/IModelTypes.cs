namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// Model types that an assembly brings: a class of it that implements this, with a public constructor without parameters, is found by
/// <see cref="ModelCatalog.RegisterFrom"/>, which the setting <c>zerocopy.models.assemblies</c> and the command line's <c>--models</c>
/// call.
/// </summary>
public interface IModelTypes
{
    /// <summary>Registers the types.</summary>
    void Register(ModelCatalog catalog);
}
