using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>The model types of the demo, which every command of the executable can build.</summary>
internal static class DigitModels
{
    public static ModelCatalog AddTo(ModelCatalog catalog) => catalog.Register<DigitClassifier, DigitConfiguration>(
        DigitConfiguration.Key, (_, build) => new DigitClassifier(build.Device));
}
