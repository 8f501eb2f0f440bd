namespace ZeroCopy.Actors.Settings;

/// <summary>Certificates of the connections between nodes; the HOCON root is <c>zerocopy.cluster.tls</c>.</summary>
public sealed record TlsSettings
{
    /// <summary>File of the node's own certificate; empty where connections are plain.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>File of its private key, where the certificate's has none.</summary>
    public string Key { get; init; } = "";

    /// <summary>What the private key is encrypted with; empty for nothing.</summary>
    public string Password { get; init; } = "";

    /// <summary>File of the authorities that other nodes' certificates come from; empty for those of the system.</summary>
    public string Authorities { get; init; } = "";

    /// <summary>Whether connections are encrypted, and both ends show a certificate.</summary>
    public bool IsOn => Certificate.Length > 0;
}
