using System.CommandLine;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy store</c>: the store itself.</summary>
internal sealed class StoreCommand : Command
{
    public StoreCommand()
        : base("store", "Look at the store, check it, clean it.")
    {
        Subcommands.Add(new StoreStatCommand());
        Subcommands.Add(new StoreVerifyCommand());
        Subcommands.Add(new StoreCollectCommand());
    }
}
