using Akka.Actor;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Protocol;

/// <summary>
/// What the object store's actor takes, <c>/user/zerocopy/object-store</c> of every node: send it these from any actor. A closed set; every
/// request is answered to its sender with one <see cref="StoreReply"/>. Those that are <see cref="IWireMessage"/> may come from other
/// processes.
/// </summary>
public abstract record StoreRequest
{
    private StoreRequest()
    {
    }

    /// <summary>Writes a model. Answer: <see cref="StoreReply.Found"/>.</summary>
    public sealed record Put(
        ModelContent Content, PutOptions? Options = null, IProgress<PutProgress>? Progress = null, CancellationToken Cancellation = default)
        : StoreRequest;

    /// <summary>
    /// Leases a model for <paramref name="Holder"/>, an actor of any node: it stays in the store until <see cref="Release"/>, or until the
    /// holder stops, crashes for good or is lost with its node. A restart ends no lease. Answer: <see cref="StoreReply.Leased"/>.
    /// </summary>
    public sealed record Acquire(ModelId Model, IActorRef Holder) : StoreRequest, IWireMessage;

    /// <summary>As <see cref="Acquire"/>, by name; without a version, the newest.</summary>
    public sealed record AcquireNamed(ModelName Name, IActorRef Holder) : StoreRequest, IWireMessage;

    /// <summary>Ends a lease. Answer: <see cref="StoreReply.Done"/>, also where it had ended.</summary>
    public sealed record Release(long LeaseId) : StoreRequest, IWireMessage;

    /// <summary>Keeps a model from eviction, or no longer. Answer: <see cref="StoreReply.Done"/>.</summary>
    public sealed record Pin(ModelId Model, bool Pinned) : StoreRequest, IWireMessage;

    /// <summary>Points a name to a model. Answer: <see cref="StoreReply.Named"/> with the version.</summary>
    public sealed record SetName(ModelName Name, ModelId Model) : StoreRequest, IWireMessage;

    /// <summary>Finds a model by name. Answer: <see cref="StoreReply.Found"/>.</summary>
    public sealed record Resolve(ModelName Name) : StoreRequest, IWireMessage;

    /// <summary>Removes a name, and the model with its last name. Answer: <see cref="StoreReply.Done"/>.</summary>
    public sealed record RemoveName(ModelName Name) : StoreRequest, IWireMessage;

    /// <summary>Removes a model with all its names. Answer: <see cref="StoreReply.Done"/>.</summary>
    public sealed record RemoveModel(ModelId Model) : StoreRequest, IWireMessage;

    /// <summary>Lists the models, each with who holds it. Answer: <see cref="StoreReply.Listed"/>.</summary>
    public sealed record List : StoreRequest, IWireMessage
    {
        /// <summary>The only instance that is needed.</summary>
        public static List Instance { get; } = new();
    }

    /// <summary>Counts and sizes, and who holds what. Answer: <see cref="StoreReply.Counted"/>.</summary>
    public sealed record Stat : StoreRequest, IWireMessage
    {
        /// <summary>The only instance that is needed.</summary>
        public static Stat Instance { get; } = new();
    }
}
