using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Trust;

/// <summary>The certificates that <c>zerocopy.cluster.tls</c> names cannot be used.</summary>
public sealed class TrustException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
