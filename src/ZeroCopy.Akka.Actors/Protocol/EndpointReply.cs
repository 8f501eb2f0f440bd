using System.Collections.Immutable;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Answers an <see cref="EndpointRequest"/>. A closed set.</summary>
public abstract record EndpointReply
{
    private EndpointReply()
    {
    }

    /// <summary>The endpoints, by name and version.</summary>
    public sealed record Listed(ImmutableArray<EndpointInfo> Endpoints, long Id = 0) : EndpointReply, ICallMessage;

    /// <summary>The endpoint with its methods.</summary>
    public sealed record Described(EndpointInfo Endpoint, ModelSignature Signature, long Id = 0) : EndpointReply, ICallMessage;
}
