using System.CommandLine;
using System.Numerics;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy cluster rollout</c>: sets the version of a model that callers get.</summary>
internal sealed class RollOutCommand : NodeCommand
{
    private readonly Argument<string?> _model = new("NAME@VERSION")
    {
        Description = "The model, and the version that callers get from now on, until the next one is set.",
        CustomParser = result =>
        {
            var name = ModelNameParser.Parse(result);
            if (name?.Contains('@') == false)
            {
                result.AddError($"'{name}' names no version, such as {name}@3.");
            }

            return name;
        },
    };

    private readonly Option<BigInteger> _percent = new("--percent")
    {
        Description = "Share of the calls that get the version, 1 to 100; the others get the one before.",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => 100,
        CustomParser = WholeNumber.Parse,
    };

    public RollOutCommand()
        : base("rollout", "Set the version of a model that callers get.", "zerocopy cluster rollout detector@2 --node 10.0.0.7:4053")
    {
        Arguments.Add(_model);
        Options.Add(_percent);
        Options.Add(GlobalOptions.RequiredNode);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (model, percent) = (ModelNameParser.Name(context.Get(_model)!), WholeNumber.Within(_percent, context.Get(_percent), 1, 100));
        var decided = await Decision.AskAsync(
            context, id => new EntityRequest.RollOut(model.Name, model.Version!.Value, percent, id), cancellationToken)
            .ConfigureAwait(false);
        Decision.Print(context, model.Name, decided);
        return ExitCode.Success;
    }
}
