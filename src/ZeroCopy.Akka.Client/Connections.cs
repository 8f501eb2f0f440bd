namespace ZeroCopy.Client;

/// <summary>What the connections of all clients have in common.</summary>
internal static class Connections
{
    /// <summary>Time behind which a connection is made anew, so that a server whose address has changed is found.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
}
