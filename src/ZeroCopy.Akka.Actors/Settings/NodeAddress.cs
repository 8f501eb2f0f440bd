using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;

namespace ZeroCopy.Actors.Settings;

/// <summary>
/// The address of a node as people write it: <c>10.0.0.7:4053</c>, or Akka's own form, <c>akka.tcp://zerocopy@10.0.0.7:4053</c>.
/// </summary>
public static class NodeAddress
{
    /// <summary>Name of the actor system of nodes that the command line starts.</summary>
    public const string SystemName = "zerocopy";

    internal const string Forms = "HOST:PORT or akka.tcp://SYSTEM@HOST:PORT, with a port from 1 to 65535";

    private const string Plain = "akka.tcp";
    private const string Encrypted = "akka.ssl.tcp";

    /// <summary>Reads an address. Its protocol is that of the settings and not that of the text.</summary>
    /// <param name="text">One of the two forms.</param>
    /// <param name="isEncrypted">Whether connections are encrypted, see <see cref="TlsSettings.IsOn"/>.</param>
    /// <param name="address">The address; null where the text is none.</param>
    /// <param name="system">Name of the actor system there, where the text says none.</param>
    public static bool TryParse(
        string text, bool isEncrypted, [NotNullWhen(true)] out Address? address, string system = SystemName)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isFull = text.Contains("://", StringComparison.Ordinal);
        address = Uri.TryCreate(isFull ? text : $"{Plain}://{system}@{text}", UriKind.Absolute, out var uri)
            && uri is { Scheme: Plain or Encrypted, UserInfo.Length: > 0, Host.Length: > 0, Port: > 0, PathAndQuery: "/" or "" }
            && (isFull || !text.Contains('@', StringComparison.Ordinal))
                ? new Address(isEncrypted ? Encrypted : Plain, uri.UserInfo, uri.Host, uri.Port)
                : null;
        return address is not null;
    }

    /// <summary>The address to listen on for a host's name or address; of several the first of IPv4, where there is one.</summary>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public static IPAddress Resolve(string host)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        var addresses = IPAddress.TryParse(host, out var address) ? [address] : Dns.GetHostAddresses(host);
        return addresses.FirstOrDefault(found => found.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
    }
}
