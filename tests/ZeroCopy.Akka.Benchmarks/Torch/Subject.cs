using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch;

/// <summary>What the benchmarks of modules run on.</summary>
public enum Subject
{
    /// <summary>Linear(128, 256), ReLU, Linear(256, 10): four tensors.</summary>
    Small,

    /// <summary>BERT-base's 12 layers and 199 tensors, but narrow: what is measured here depends on their number, not on their bytes.</summary>
    Bert,
}

/// <summary>Makes the subjects, with random weights.</summary>
internal static class Subjects
{
    /// <summary>A module in eval mode, without weights where the device is META. The caller releases it.</summary>
    public static nn.Module Create(this Subject subject, Device? device = null)
    {
        nn.Module module = subject == Subject.Small
            ? nn.Sequential(
                ("in", nn.Linear(128, 256, device: device)), ("act", nn.ReLU()), ("out", nn.Linear(256, 10, device: device)))
            : new BertModel(new BertConfiguration { VocabularySize = 1000, HiddenSize = 96, IntermediateSize = 384 }, device);
        module.eval();
        return module;
    }
}
