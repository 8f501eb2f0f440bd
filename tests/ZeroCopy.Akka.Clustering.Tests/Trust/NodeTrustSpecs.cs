using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Trust;

public sealed class NodeTrustSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority;

    public NodeTrustSpecs() => _authority = new TestAuthority(_directory.Path);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void NodeTrust_should_be_none_where_the_settings_name_no_certificate() => Assert.Null(NodeTrust.Open(new TlsSettings()));

    [Fact]
    public void NodeTrust_should_believe_its_authorities_alone()
    {
        using var strangers = new TestAuthority(_directory.Path);
        using var trust = NodeTrust.Open(Settings(_authority.Give()))!;

        Assert.Null(trust.Refusal(Load(_authority.Give())));
        Assert.Contains("certificate CN=node-1", trust.Refusal(Load(strangers.Give())), StringComparison.Ordinal);
        Assert.Contains("certificate CN=node-3", trust.Refusal(Load(_authority.Give(isExpired: true))), StringComparison.Ordinal);
        Assert.Equal("it shows no certificate", trust.Refusal(null));
    }

    [Fact]
    public void NodeTrust_should_read_what_a_password_protects()
    {
        var (certificate, key) = _authority.Give();
        using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
        File.WriteAllBytes(_directory.File("node.pfx"), pair.Export(X509ContentType.Pkcs12, "secret"));

        using var trust = NodeTrust.Open(new TlsSettings { Certificate = _directory.File("node.pfx"), Password = "secret" })!;

        Assert.True(trust.Certificate.HasPrivateKey);
        var wrong = Assert.Throws<TrustException>(
            () => NodeTrust.Open(new TlsSettings { Certificate = _directory.File("node.pfx"), Password = "other" }));
        Assert.Contains("node.pfx' cannot be read (zerocopy.cluster.tls.certificate): ", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NodeTrust_should_name_the_file_and_the_setting_that_are_wrong()
    {
        var own = _authority.Give();

        AssertRefused("authorities", Settings(own) with { Authorities = _directory.File("none.pem") });
        AssertRefused("authorities", Settings(own) with { Authorities = own.Key });
        AssertRefused("certificate", Settings(own) with { Certificate = own.Key });
        AssertRefused("certificate", Settings(own) with { Key = _authority.Give().Key });

        static void AssertRefused(string key, TlsSettings settings) => Assert.Contains(
            $"cannot be read (zerocopy.cluster.tls.{key}): ",
            Assert.Throws<TrustException>(() => NodeTrust.Open(settings)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void NodeTrust_should_name_all_files_that_are_missing()
    {
        var settings = new TlsSettings
        {
            Certificate = _directory.File("none.pem"),
            Key = _directory.File("none.key"),
            Authorities = _directory.File("none-either.pem"),
        };

        var refused = Assert.Throws<TrustException>(() => NodeTrust.Open(settings)).Message;

        Assert.All(
            ["certificate", "key", "authorities"],
            key => Assert.Contains($"cannot be read (zerocopy.cluster.tls.{key}): ", refused, StringComparison.Ordinal));
    }

    [Fact]
    public void NodeTrust_should_say_that_a_private_key_is_missing_or_encrypted()
    {
        var (certificate, key) = _authority.Give();
        var locked = _directory.File("locked.key");
        using (var read = ECDsa.Create())
        {
            read.ImportFromPem(File.ReadAllText(key));
            var way = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1);
            File.WriteAllText(locked, read.ExportEncryptedPkcs8PrivateKeyPem("secret", way));
        }

        AssertRefused($"'{certificate}' holds no private key: name its file with zerocopy.cluster.tls.key", Settings((certificate, "")));
        AssertRefused(
            $"the private key in '{locked}' is encrypted: set zerocopy.cluster.tls.password", Settings((certificate, locked)));
        using var trust = NodeTrust.Open(Settings((certificate, locked)) with { Password = "secret" })!;
        Assert.True(trust.Certificate.HasPrivateKey);

        static void AssertRefused(string message, TlsSettings settings) =>
            Assert.Equal(message, Assert.Throws<TrustException>(() => NodeTrust.Open(settings)).Message);
    }

    [Fact]
    public void NodeTrust_should_say_since_when_its_certificate_has_expired()
    {
        var settings = Settings(_authority.Give(isExpired: true));
        using var trust = NodeTrust.Open(settings)!;

        Assert.Null(trust.Expiry(settings, DateTimeOffset.UnixEpoch.AddDays(1)));
        Assert.Equal(
            $"the certificate in '{settings.Certificate}' expired on 1970-01-03 (zerocopy.cluster.tls.certificate): renew it",
            trust.Expiry(settings, DateTimeOffset.UnixEpoch.AddDays(3)));
    }

    private TlsSettings Settings((string Certificate, string Key) own) =>
        new() { Certificate = own.Certificate, Key = own.Key, Authorities = _authority.File };

    private static X509Certificate2 Load((string Certificate, string Key) files) =>
        X509CertificateLoader.LoadCertificateFromFile(files.Certificate);
}
