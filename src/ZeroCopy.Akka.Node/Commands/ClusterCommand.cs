using System.CommandLine;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy cluster</c>: the cluster of a node.</summary>
internal sealed class ClusterCommand : Command
{
    public ClusterCommand()
        : base("cluster", "Look at a cluster, and choose the versions that its callers get.")
    {
        Subcommands.Add(new ClusterStatusCommand());
        Subcommands.Add(new RollOutCommand());
        Subcommands.Add(new RollBackCommand());
    }
}
