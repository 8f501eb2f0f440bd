using System.CommandLine.Parsing;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Node.Cli;

/// <summary>
/// Addresses of nodes on the command line, several behind commas too. What is none is wrong syntax; a port outside of its range is refused
/// when the command runs.
/// </summary>
internal static class NodeAddressParser
{
    public static string[] ParseAll(ArgumentResult result)
    {
        var texts = result.Tokens.SelectMany(token => token.Value.Split(',')).ToArray();
        foreach (var text in texts.Where(text => !IsAddress(text) && !HasPortOutOfRange(text)))
        {
            result.AddError($"'{text}' is not the address of a node, such as 10.0.0.7:4053.");
        }

        return texts;
    }

    /// <summary>The addresses of an option, whose ports are in their range.</summary>
    /// <exception cref="OptionException">One is not.</exception>
    public static IReadOnlyList<string> Within(string option, IReadOnlyList<string> texts) =>
        texts.FirstOrDefault(HasPortOutOfRange) is { } text
            ? throw new OptionException($"{option} is {text}; its port must be 1 to {ushort.MaxValue}.")
            : texts;

    private static bool IsAddress(string text) => NodeAddress.TryParse(text, isEncrypted: false, out _);

    private static bool HasPortOutOfRange(string text)
    {
        var port = text.LastIndexOf(':') + 1;
        return !IsAddress(text) && port < text.Length && text[port..].All(char.IsAsciiDigit) && IsAddress($"{text[..port]}1");
    }
}
