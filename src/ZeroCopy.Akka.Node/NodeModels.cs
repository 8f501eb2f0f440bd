using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;

namespace ZeroCopy.Node;

/// <summary>Every model type that this executable can build by itself.</summary>
internal static class NodeModels
{
    public static ModelCatalog Create() => DigitModels.AddTo(BuiltInModels.AddTo(new ModelCatalog()));
}
