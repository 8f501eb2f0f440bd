using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Remote;

/// <summary>A decision about the versions of a model, asked for and printed.</summary>
internal static class Decision
{
    public static async Task<EntityReply.Decided> AskAsync(
        CommandContext context, Func<long, EntityRequest> request, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await connection.Node.AskAsync<EntityReply.Decided>(
                id => (IRequestMessage)request(id), Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
    }

    public static void Print(CommandContext context, string name, EntityReply.Decided decided)
    {
        if (context.Json)
        {
            context.PrintJson(new { Name = name, decided.Version, decided.Percent });
        }
        else
        {
            context.Output.WriteLine(
                decided.Version is { } version ? $"{decided.Percent} % of the calls of {name} get {name}@{version}."
                    : $"Calls of {name} get its newest version again.");
        }
    }
}
