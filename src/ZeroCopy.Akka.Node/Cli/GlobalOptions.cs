using System.CommandLine;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Node.Cli;

/// <summary>Options that every command takes, or several.</summary>
internal static class GlobalOptions
{
    public static Option<string?> Store { get; } = new("--store")
    {
        Description =
            $"The store's directory (default: {ObjectStoreOptions.DirectoryVariable}, else a folder of the user in shared memory).",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>Of the commands that build modules.</summary>
    public static Option<string[]> Models { get; } = new("--models")
    {
        Description =
            $"An assembly that brings model types of your own: a class that implements {typeof(IModelTypes).FullName}. May be repeated.",
        HelpName = "FILE",
    };

    /// <summary>Of the commands that work on the host's store, or on a cluster.</summary>
    public static Option<string[]> Node { get; } = NodeOption(isRequired: false);

    /// <summary>Of the commands that work on a cluster alone.</summary>
    public static Option<string[]> RequiredNode { get; } = NodeOption(isRequired: true);

    /// <summary>Of the commands that speak with nodes.</summary>
    public static Option<string?> Config { get; } = new("--config")
    {
        Description = "With --node: a HOCON file, such as for certificates (zerocopy.cluster.tls).",
        HelpName = "FILE",
        Validators =
        {
            result =>
            {
                if (result.GetResult(Node) is null && result.GetResult(RequiredNode) is null)
                {
                    result.AddError("--config is read with --node alone: name a node, or leave it out.");
                }
            },
        },
    };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON, and nothing else, on standard output.",
        Recursive = true,
    };

    public static Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Show the stack trace of an error.",
        Recursive = true,
    };

    private static Option<string[]> NodeOption(bool isRequired) => new("--node")
    {
        Description = "Any node of a cluster, HOST:PORT; of several, behind commas, the one that answers first.",
        HelpName = "ADDRESS",
        Required = isRequired,
        CustomParser = NodeAddressParser.ParseAll,
    };
}
