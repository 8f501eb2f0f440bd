using System.CommandLine;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Demo.Digits;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy demo train</c>: makes the demo's model folder again from the digits.</summary>
internal sealed class TrainCommand : NodeCommand
{
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The model folder to write.",
        HelpName = "DIR",
        Required = true,
    };

    public TrainCommand()
        : base("train", "Train the demo's digits classifier again.", "zerocopy demo train --output digits") => Options.Add(_output);

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(context.Get(_output));
        var data = DigitData.Training();
        using var classifier = DigitTrainer.Train(
            data,
            (epoch, loss) => context.Error.WriteLine(FormattableString.Invariant($"epoch {epoch}: loss {loss:F4}")),
            cancellationToken);
        var (training, heldOut) = (DigitTrainer.Accuracy(classifier, data), DigitTrainer.Accuracy(classifier, DigitData.HeldOut()));
        DigitWeights.Save(classifier, folder);
        if (context.Json)
        {
            context.PrintJson(new { Output = folder, TrainingAccuracy = training, HeldOutAccuracy = heldOut });
        }
        else
        {
            context.Output.WriteLine(
                FormattableString.Invariant($"{folder}  accuracy {training:P2} on the training part, {heldOut:P2} on the held-out part"));
        }

        return Task.FromResult(ExitCode.Success);
    }
}
