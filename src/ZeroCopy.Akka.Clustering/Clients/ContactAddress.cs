using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Clustering.Clients;

/// <summary>Reads the addresses of contacts.</summary>
internal static class ContactAddress
{
    /// <param name="texts"><c>HOST:PORT</c>, or <c>akka.tcp://SYSTEM@HOST:PORT</c>.</param>
    /// <param name="isEncrypted">Whether the caller's remoting is.</param>
    /// <param name="system">Name of the nodes' actor systems, where a text says none.</param>
    /// <exception cref="ArgumentException">There is none, or one cannot be read; the message names all of those.</exception>
    public static ImmutableArray<Address> Parse(IEnumerable<string> texts, bool isEncrypted, string system)
    {
        var (addresses, wrong) = (new List<Address>(), new List<string>());
        foreach (var text in texts)
        {
            if (NodeAddress.TryParse(text, isEncrypted, out var address, system))
            {
                addresses.Add(address);
            }
            else
            {
                wrong.Add($"'{text}'");
            }
        }

        return wrong.Count > 0 || addresses.Count == 0
            ? throw new ArgumentException(
                (wrong.Count == 0 ? "No contact was given" : $"{string.Join(", ", wrong)} is no address of a node")
                + ": write HOST:PORT or akka.tcp://SYSTEM@HOST:PORT.",
                nameof(texts))
            : [.. addresses.Distinct()];
    }
}
