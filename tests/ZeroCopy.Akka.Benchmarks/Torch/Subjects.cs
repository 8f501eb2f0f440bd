using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch;

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
