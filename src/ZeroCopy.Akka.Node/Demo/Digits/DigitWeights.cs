using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>The trained weights that the executable carries, as the model folder <c>config.json</c> and <c>model.safetensors</c>.</summary>
internal static class DigitWeights
{
    private const string ConfigurationFile = "config.json";
    private const string WeightsFile = "model.safetensors";

    /// <summary>Writes the model folder, which <c>zerocopy put</c> takes.</summary>
    public static void Extract(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in new[] { ConfigurationFile, WeightsFile })
        {
            using var source = DigitResources.Open(file);
            using var target = File.Create(Path.Combine(folder, file));
            source.CopyTo(target);
        }
    }

    /// <summary>
    /// A classifier with private copies of the folder's weights, in eval mode: what a program without the product would load.
    /// </summary>
    public static DigitClassifier Load(string folder)
    {
        var classifier = new DigitClassifier();
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var stored = SafetensorsTensors.Read(Path.Combine(folder, WeightsFile)).ToDictionary(
            tensor => tensor.Name!, tensor => tensor.Tensor);
        foreach (var (name, parameter) in classifier.named_parameters())
        {
            parameter.copy_(tensor(stored[name].Values<float>().ToArray(), [.. stored[name].Layout.Shape]));
        }

        classifier.eval();
        return classifier;
    }

    /// <summary>Writes a model folder around a trained classifier.</summary>
    public static void Save(DigitClassifier classifier, string folder)
    {
        Directory.CreateDirectory(folder);
        using var scope = NewDisposeScope();
        File.WriteAllText(Path.Combine(folder, ConfigurationFile), $$"""{ "model_type": "{{DigitConfiguration.Key}}" }{{'\n'}}""");
        TensorFile.Write(
            Path.Combine(folder, WeightsFile),
            [.. classifier.named_parameters().Select(parameter => new NamedTensor(
                parameter.name,
                HostTensor.From<float>(
                    DType.Float32, parameter.parameter.detach().contiguous().data<float>().ToArray(), parameter.parameter.shape)))]);
    }
}
