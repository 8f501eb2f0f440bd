using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>The classifier as two models in a row, which share their weights with it.</summary>
internal sealed class DigitPipeline(DigitEncoder encoder, TorchSharp.Modules.Linear head)
{
    public DigitEncoder Encoder { get; } = encoder;

    public TorchSharp.Modules.Linear Head { get; } = head;

    /// <summary>Images [rows, 64] to scores [rows, 10]; the caller disposes them.</summary>
    public Tensor Scores(Tensor images)
    {
        using var features = Encoder.call(images);
        return Head.call(features);
    }
}
