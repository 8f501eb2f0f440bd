using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ZeroCopy.TestSupport;

/// <summary>A certificate authority of one test, and the files of the certificates that it gives.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly string _directory;
    private readonly X509Certificate2 _certificate;
    private int _given;

    /// <param name="directory">Where its files go.</param>
    /// <param name="name">Its name; two of one name are still two.</param>
    public TestAuthority(string directory, string name = "authority")
    {
        _directory = Directory.CreateDirectory(Path.Combine(directory, $"{name}-{Guid.NewGuid():N}")).FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        File = Path.Combine(_directory, "authorities.pem");
        System.IO.File.WriteAllText(File, _certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate, a PEM file.</summary>
    public string File { get; }

    /// <summary>Gives a certificate.</summary>
    /// <param name="isExpired">Whether its time is over.</param>
    /// <returns>PEM files of the certificate and of its private key.</returns>
    public (string Certificate, string Key) Give(bool isExpired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var number = Interlocked.Increment(ref _given);
        var request = new CertificateRequest($"CN=node-{number}", key, HashAlgorithmName.SHA256);
        var end = isExpired ? DateTimeOffset.UnixEpoch.AddDays(2) : _certificate.NotAfter;
        using var certificate = request.Create(_certificate, DateTimeOffset.UnixEpoch.AddDays(1), end, BitConverter.GetBytes(number));
        var path = Path.Combine(_directory, $"node-{number}");
        System.IO.File.WriteAllText($"{path}.pem", certificate.ExportCertificatePem());
        System.IO.File.WriteAllText($"{path}.key", key.ExportPkcs8PrivateKeyPem());
        return ($"{path}.pem", $"{path}.key");
    }

    public void Dispose() => _certificate.Dispose();
}
