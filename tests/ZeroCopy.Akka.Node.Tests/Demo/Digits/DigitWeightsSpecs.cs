using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Demo.Digits;

public sealed class DigitWeightsSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void DigitWeights_should_name_at_least_95_percent_of_the_held_out_digits()
    {
        DigitWeights.Extract(_directory.Path);
        using var classifier = DigitWeights.Load(_directory.Path);

        Assert.InRange(DigitTrainer.Accuracy(classifier, DigitData.HeldOut()), 0.95, 1);
    }

    [Fact]
    public void DigitWeights_should_save_what_was_loaded_byte_for_byte()
    {
        DigitWeights.Extract(_directory.File("first"));
        using var classifier = DigitWeights.Load(_directory.File("first"));
        DigitWeights.Save(classifier, _directory.File("second"));

        foreach (var file in new[] { "config.json", "model.safetensors" })
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(_directory.File("first"), file)),
                File.ReadAllBytes(Path.Combine(_directory.File("second"), file)));
        }
    }
}
