using System.CommandLine;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy cluster rollback</c>: returns to the version before the last roll-out.</summary>
internal sealed class RollBackCommand : NodeCommand
{
    private readonly Argument<string?> _model = new("NAME")
    {
        Description = "The model.",
        CustomParser = result =>
        {
            var name = ModelNameParser.Parse(result);
            if (name?.Split('@') is [var alone, _])
            {
                result.AddError(
                    $"'{name}' names a version: a model returns to the one before its last roll-out, so name {alone} alone.");
            }

            return name;
        },
    };

    public RollBackCommand()
        : base("rollback", "Return to the version before the last roll-out.", "zerocopy cluster rollback detector --node 10.0.0.7:4053")
    {
        Arguments.Add(_model);
        Options.Add(GlobalOptions.RequiredNode);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var model = context.Get(_model)!;
        var decided = await Decision.AskAsync(context, id => new EntityRequest.RollBack(model, id), cancellationToken)
            .ConfigureAwait(false);
        Decision.Print(context, model, decided);
        return ExitCode.Success;
    }
}
