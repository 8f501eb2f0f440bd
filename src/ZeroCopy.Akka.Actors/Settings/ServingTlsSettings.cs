namespace ZeroCopy.Actors.Settings;

/// <summary>A certificate for serving; the HOCON root is <c>zerocopy.serving.tls</c>.</summary>
/// <param name="Certificate">A file, PEM or PKCS#12.</param>
/// <param name="Key">The file of its private key, PEM; empty where that is in the first file.</param>
/// <param name="Password">Opens the key; empty where it is not encrypted.</param>
public sealed record ServingTlsSettings(string Certificate, string Key, string Password)
{
    /// <summary>Without the password, which is for no log.</summary>
    public override string ToString() => $"{Certificate} {Key}".TrimEnd();
}
