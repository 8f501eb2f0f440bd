using Microsoft.AspNetCore.Http.Metadata;

namespace ZeroCopy.Serving.Rpc;

/// <summary>The server's limit of a request's body does not count: gRPC has one for each message.</summary>
internal sealed class NoBodyLimit : IRequestSizeLimitMetadata
{
    public static NoBodyLimit Instance { get; } = new();

    public long? MaxRequestBodySize => null;
}
