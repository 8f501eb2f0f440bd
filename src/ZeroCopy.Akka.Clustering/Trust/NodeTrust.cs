using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Clustering.Trust;

/// <summary>
/// The certificate that this process shows to the nodes of its cluster, and which ones it believes. Names in certificates are not compared:
/// whoever the authorities gave one is of the cluster, wherever it runs. Thread-safe.
/// </summary>
public sealed class NodeTrust : IDisposable
{
    // In PKCS#8, and in what came before it.
    private static readonly string[] EncryptionMarks = ["ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

    private readonly X509Certificate2Collection? _authorities;

    private NodeTrust(X509Certificate2 certificate, X509Certificate2Collection? authorities)
    {
        Certificate = certificate;
        _authorities = authorities;
    }

    /// <summary>This process's own certificate, with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Reads the files that the settings name; null where connections are plain.</summary>
    /// <exception cref="TrustException">
    /// A file is missing, is none of certificates, or has no private key; the message names each such file and its setting.
    /// </exception>
    public static NodeTrust? Open(TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!settings.IsOn)
        {
            return null;
        }

        var problems = new List<string>();
        var authorities = settings.Authorities.Length == 0 ? null : Read("authorities", settings.Authorities, ReadAuthorities, problems);
        var key = KeyProblem(settings.Certificate, settings.Key, settings.Password, "zerocopy.cluster.tls")
            ?? (settings.Key.Length == 0 || File.Exists(settings.Key) ? null
                : $"'{settings.Key}' cannot be read (zerocopy.cluster.tls.key): there is no such file");
        if (key is not null)
        {
            problems.Add(key);
        }

        // .NET reads a certificate with its key, and says of both what is wrong with one.
        var certificate = key is not null && File.Exists(settings.Certificate) ? null
            : Read("certificate", settings.Certificate, file => ReadCertificate(file, settings), problems);
        if (certificate is { HasPrivateKey: false })
        {
            problems.Add($"'{settings.Certificate}' holds no private key: name its file with zerocopy.cluster.tls.key");
        }

        if (problems.Count > 0)
        {
            certificate?.Dispose();
            throw new TrustException(string.Join("; ", problems));
        }

        return new NodeTrust(certificate!, authorities);
    }

    /// <summary>
    /// Why the private key of a certificate cannot be had from its PEM file, where that is plain to see: .NET says the same of all that is
    /// wrong. Null where nothing is, and for what <see cref="Open"/> or its like has better words for.
    /// </summary>
    /// <param name="certificate">The certificate's file.</param>
    /// <param name="key">That of the key; empty where the certificate's has it.</param>
    /// <param name="password">What the key is encrypted with; empty for nothing.</param>
    /// <param name="settings">Where in the settings the files stand, such as <c>zerocopy.cluster.tls</c>.</param>
    internal static string? KeyProblem(string certificate, string key, string password, string settings)
    {
        var file = key.Length == 0 ? certificate : key;
        if (IsPkcs12(certificate) || !File.Exists(file))
        {
            return null;
        }

        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return !text.Contains("PRIVATE KEY-----", StringComparison.Ordinal)
            ? $"'{file}' holds no private key: name its file with {settings}.key"
            : password.Length == 0 && EncryptionMarks.Any(mark => text.Contains(mark, StringComparison.Ordinal))
                ? $"the private key in '{file}' is encrypted: set {settings}.password"
                : null;
    }

    /// <summary>Whether a file is a certificate with its key in PKCS #12, by its name; else it is PEM.</summary>
    internal static bool IsPkcs12(string file) => Path.GetExtension(file) is ".pfx" or ".p12";

    /// <summary>Why nobody will believe this process's own certificate any more; null while it has not expired.</summary>
    /// <param name="settings">What it was read by.</param>
    /// <param name="now">The time.</param>
    internal string? Expiry(TlsSettings settings, DateTimeOffset now) => new DateTimeOffset(Certificate.NotAfter) is var end && end >= now
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"the certificate in '{settings.Certificate}' expired on {end.UtcDateTime:yyyy-MM-dd} "
                + $"(zerocopy.cluster.tls.certificate): renew it");

    /// <summary>Why a peer's certificate is not believed; null where it is.</summary>
    /// <param name="peer">What the peer showed; null for nothing.</param>
    public string? Refusal(X509Certificate? peer)
    {
        if (peer is null)
        {
            return "it shows no certificate";
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (_authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        }

        using var copy = new X509Certificate2(peer);
        return chain.Build(copy) ? null : string.Join(
            ", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Prepend($"certificate {copy.Subject}"));
    }

    /// <summary>For clients of transfers: shows the certificate, and believes those of the cluster. The caller disposes it.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [Certificate],
            RemoteCertificateValidationCallback = (_, peer, _, _) => Refusal(peer) is null,
        },
    };

    /// <summary>For the actor system, whose settings have <c>akka.remote.dot-netty.tcp.enable-ssl</c> on.</summary>
    public DotNettySslSetup RemotingSetup() => new(
        Certificate, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false,
        (peer, _, remote, _, log) =>
        {
            if (Refusal(peer) is not { } reason)
            {
                return true;
            }

            log.Warning("Refused {0}, which is not of this cluster (zerocopy.cluster.tls.authorities): {1}", remote, reason);
            return false;
        });

    /// <inheritdoc/>
    public void Dispose() => Certificate.Dispose();

    internal HttpsConnectionAdapterOptions ServerOptions() => new()
    {
        ServerCertificate = Certificate,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (peer, _, _) => Refusal(peer) is null,
    };

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
    }

    private static X509Certificate2 ReadCertificate(string file, TlsSettings settings)
    {
        var password = settings.Password.Length == 0 ? null : settings.Password;
        if (IsPkcs12(file))
        {
            return X509CertificateLoader.LoadPkcs12FromFile(file, password);
        }

        var key = settings.Key.Length == 0 ? null : settings.Key;
        using var read = password is null
            ? X509Certificate2.CreateFromPemFile(file, key) : X509Certificate2.CreateFromEncryptedPemFile(file, password, key);
        // Windows takes no key for TLS that was never in a store.
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    private static T? Read<T>(string key, string file, Func<string, T> read, List<string> problems)
        where T : class
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            problems.Add($"'{file}' cannot be read (zerocopy.cluster.tls.{key}): {e.Message.TrimEnd('.')}");
            return null;
        }
    }
}
