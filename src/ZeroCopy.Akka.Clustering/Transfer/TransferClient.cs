using ZeroCopy.Clustering.Trust;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>Makes clients of transfers.</summary>
internal static class TransferClient
{
    /// <summary>
    /// A client without a limit of its own, which goes straight to nodes: a proxy that the environment names for the world outside is none
    /// for them. The caller disposes it.
    /// </summary>
    /// <param name="trust">Certificate to show, and those to believe; null where transfers are plain.</param>
    public static HttpClient Create(NodeTrust? trust = null)
    {
        var handler = trust?.CreateHandler() ?? new SocketsHttpHandler();
        handler.UseProxy = false;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
