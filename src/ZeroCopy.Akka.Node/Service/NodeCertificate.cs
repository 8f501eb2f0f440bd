using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Trust;

namespace ZeroCopy.Node.Service;

/// <summary>The certificate that a node is served with.</summary>
internal static class NodeCertificate
{
    /// <exception cref="CryptographicException">A file is no certificate or key, they do not belong together, or the password is
    /// wrong.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static HttpsConnectionAdapterOptions Load(ServingTlsSettings tls)
    {
        if (NodeTrust.IsPkcs12(tls.Certificate))
        {
            return new HttpsConnectionAdapterOptions
            {
                ServerCertificate = X509CertificateLoader.LoadPkcs12FromFile(tls.Certificate, tls.Password),
            };
        }

        var key = tls.Key.Length == 0 ? tls.Certificate : tls.Key;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(tls.Certificate);
        return new HttpsConnectionAdapterOptions
        {
            ServerCertificate = tls.Password.Length == 0
                ? X509Certificate2.CreateFromPemFile(tls.Certificate, key)
                : X509Certificate2.CreateFromEncryptedPemFile(tls.Certificate, tls.Password, key),
            ServerCertificateChain = chain,
        };
    }
}
