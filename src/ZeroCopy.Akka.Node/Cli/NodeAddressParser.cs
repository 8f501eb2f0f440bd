using System.CommandLine.Parsing;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Node.Cli;

/// <summary>Addresses of nodes on the command line, several behind commas too.</summary>
internal static class NodeAddressParser
{
    public static string[] ParseAll(ArgumentResult result)
    {
        var texts = result.Tokens.SelectMany(token => token.Value.Split(',')).ToArray();
        foreach (var text in texts.Where(text => !NodeAddress.TryParse(text, isEncrypted: false, out _)))
        {
            result.AddError($"'{text}' is not the address of a node, such as 10.0.0.7:4053.");
        }

        return texts;
    }
}
