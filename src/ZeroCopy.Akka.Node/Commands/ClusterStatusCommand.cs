using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy cluster status</c>: members and models of a cluster.</summary>
internal sealed class ClusterStatusCommand : NodeCommand
{
    public ClusterStatusCommand()
        : base("status", "List the members of a cluster and its models.", "zerocopy cluster status --node 10.0.0.7:4053")
    {
        Options.Add(GlobalOptions.RequiredNode);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var status = await connection.Node.StatusAsync(cancellationToken).ConfigureAwait(false);
            if (context.Json)
            {
                context.PrintJson(new { Members = status.Members.Select(StatusView.Json), Models = status.Models.Select(StatusView.Json) });
            }
            else
            {
                StatusView.PrintMembers(context, status);
                StatusView.PrintModels(context, status);
            }
        }

        return ExitCode.Success;
    }
}
