using Akka.Actor;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy;

/// <summary>How a <see cref="ZeroCopyHost"/> is opened.</summary>
public sealed record ZeroCopyHostOptions
{
    /// <summary>
    /// The object store. Null: as the settings <c>zerocopy.object-store</c> of <see cref="ActorSystem"/> say, without one the user's, see
    /// <see cref="ObjectStoreOptions.Directory"/>.
    /// </summary>
    public ObjectStoreOptions? Store { get; init; }

    /// <summary>The tensor runtime. Null: as the settings <c>zerocopy.inference.instances</c> of <see cref="ActorSystem"/> say.</summary>
    public TorchRuntimeOptions? Torch { get; init; }

    /// <summary>
    /// Model types that this process can build; null for none. Those of the assemblies that the setting <c>zerocopy.models.assemblies</c>
    /// of <see cref="ActorSystem"/> names are registered with them.
    /// </summary>
    public ModelCatalog? Catalog { get; init; }

    /// <summary>
    /// The actor system that runs tasks and pools, which stays the caller's and closes the store when its actors have stopped. Null: one of
    /// the host's own, started when it is first needed.
    /// </summary>
    public ActorSystem? ActorSystem { get; init; }
}
