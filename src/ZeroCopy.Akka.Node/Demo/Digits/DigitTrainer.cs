using ZeroCopy.Torch.Instances;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>
/// Trains the classifier on the training part: Adam with a falling rate, a fixed seed, batches of 32 in an order drawn anew each epoch.
/// </summary>
internal static class DigitTrainer
{
    private const int Epochs = 40;
    private const int BatchSize = 32;
    private const int Seed = 20;

    /// <summary>
    /// A trained classifier in eval mode; the caller disposes it. <paramref name="epoch"/> hears the number and the mean loss of each
    /// epoch.
    /// </summary>
    public static DigitClassifier Train(DigitData data, Action<int, double> epoch, CancellationToken cancellationToken)
    {
        manual_seed(Seed);
        var order = new Random(Seed);
        var classifier = new DigitClassifier();
        using var optimizer = optim.Adam(classifier.parameters(), 2e-3);
        var schedule = optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps: Epochs);
        var rows = Enumerable.Range(0, data.Count).ToArray();
        classifier.train();
        // Sums in another order give other last bits: with one thread the same machine makes the same weights again.
        TorchThreads.Bound(1);
        try
        {
            for (var number = 1; number <= Epochs; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                order.Shuffle(rows);
                var loss = rows.Chunk(BatchSize).Average(batch => Step(classifier, optimizer, data, batch));
                schedule.step();
                epoch(number, loss);
            }
        }
        finally
        {
            TorchThreads.Reset();
        }

        classifier.eval();
        return classifier;
    }

    /// <summary>The part of the images whose digit the classifier names.</summary>
    public static double Accuracy(DigitClassifier classifier, DigitData data)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var scores = classifier.call(tensor(data.Pixels, data.Count, DigitData.PixelsPerImage));
        return scores.argmax(1).eq(tensor(data.Labels)).sum().item<long>() / (double)data.Count;
    }

    private static double Step(DigitClassifier classifier, optim.Optimizer optimizer, DigitData data, int[] batch)
    {
        using var scope = NewDisposeScope();
        var pixels = batch.SelectMany(
            row => data.Pixels.AsSpan(row * DigitData.PixelsPerImage, DigitData.PixelsPerImage).ToArray()).ToArray();
        var labels = batch.Select(row => data.Labels[row]).ToArray();
        optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(classifier.call(tensor(pixels, batch.Length, DigitData.PixelsPerImage)), tensor(labels));
        loss.backward();
        optimizer.step();
        return loss.item<float>();
    }
}
