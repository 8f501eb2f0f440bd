using System.Collections.Immutable;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Protocol;

/// <summary>What the object store's actor answers. A closed set.</summary>
public abstract record StoreReply
{
    private StoreReply()
    {
    }

    /// <summary>The request was carried out.</summary>
    public sealed record Done : StoreReply, IWireMessage
    {
        /// <summary>The only instance that is needed.</summary>
        public static Done Instance { get; } = new();
    }

    /// <summary>The model that was put or looked up.</summary>
    public sealed record Found(ModelHandle Model) : StoreReply, IWireMessage;

    /// <summary>The name with its version.</summary>
    public sealed record Named(ModelName Name) : StoreReply, IWireMessage;

    /// <summary>A handle of a model that stays in the store until the lease ends.</summary>
    /// <param name="LeaseId">For <see cref="StoreRequest.Release"/>.</param>
    /// <param name="Model">The model.</param>
    public sealed record Leased(long LeaseId, ModelHandle Model) : StoreReply, IWireMessage
    {
        /// <summary>
        /// The lease itself, to read the model's bytes where they lie; null in another process. The store's actor owns it: a holder never
        /// disposes it.
        /// </summary>
        public ModelLease? Lease { get; init; }
    }

    /// <summary>The models.</summary>
    public sealed record Listed(ImmutableArray<ModelInfo> Models) : StoreReply, IWireMessage;

    /// <summary>Counts and sizes.</summary>
    public sealed record Counted(StoreStatistics Statistics) : StoreReply, IWireMessage;

    /// <summary>The request failed and changed nothing.</summary>
    public sealed record Failed(StoreFailure Failure, string Message) : StoreReply, IWireMessage;
}
