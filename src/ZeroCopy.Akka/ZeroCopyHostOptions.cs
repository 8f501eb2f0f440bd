using Akka.Actor;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy;

/// <summary>How a <see cref="ZeroCopyHost"/> is opened.</summary>
public sealed record ZeroCopyHostOptions
{
    /// <summary>The object store; by default the user's, see <see cref="ObjectStoreOptions.Directory"/>.</summary>
    public ObjectStoreOptions Store { get; init; } = new();

    /// <summary>The tensor runtime.</summary>
    public TorchRuntimeOptions Torch { get; init; } = new();

    /// <summary>Model types that this process can build; null for none.</summary>
    public ModelCatalog? Catalog { get; init; }

    /// <summary>
    /// The actor system that runs tasks and pools, which stays the caller's. Null: one of the host's own, started when it is first needed.
    /// </summary>
    public ActorSystem? ActorSystem { get; init; }
}
