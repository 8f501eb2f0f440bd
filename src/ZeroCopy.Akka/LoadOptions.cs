using Akka.Actor;
using TorchSharp;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy;

/// <summary>How a wrapper is loaded.</summary>
/// <typeparam name="T">The module's or pipeline's type.</typeparam>
public sealed record LoadOptions<T>
    where T : class
{
    /// <summary>
    /// Where the modules run in this process, be it in actor mode or in a pool on a wrapper of either mode; null for the CPU. Tasks run on
    /// the CPU. Tensors that a pipeline holds beside its modules stay on the CPU, and calls move their inputs themselves. The holders of a
    /// module have one copy of its weights on the device, but for two cases in which each takes its own: modules that refuse to be cloned
    /// and are rebuilt by their factory, and <see cref="Runtime.InstanceIsolation.Mappings"/>.
    /// </summary>
    public torch.Device? Device { get; init; }

    /// <summary>
    /// The actor that the object is loaded for: it holds the object's leases in the store, which end when it stops or crashes for good,
    /// also where nobody released the object. Null: they end with <see cref="ModelWrapper.Release"/>, or with the object. Either way
    /// <see cref="ModelWrapper.Unload"/> and the host's end do.
    /// </summary>
    public IActorRef? Holder { get; init; }

    /// <summary>
    /// Builds the object in a process that did not wrap it; its weights are replaced by the shared ones. Null: the catalog, else T's public
    /// constructor that takes a <see cref="ModelBuild"/> (a standalone module), a <see cref="torch.Device"/> or nothing.
    /// </summary>
    public Func<T>? Factory { get; init; }

    /// <summary>As <see cref="Factory"/> for a standalone module that can be built without weights of its own.</summary>
    public Func<ModelBuild, T>? ModuleFactory { get; init; }
}
