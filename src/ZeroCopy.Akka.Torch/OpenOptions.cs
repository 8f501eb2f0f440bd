using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch;

/// <summary>How a model is opened in this process.</summary>
/// <typeparam name="TModule">The module's type.</typeparam>
public sealed record OpenOptions<TModule>
    where TModule : torch.nn.Module
{
    /// <summary>Builds the module where the catalog and this process's live prototypes cannot.</summary>
    public Func<ModelBuild, TModule>? Factory { get; init; }

    /// <summary>
    /// Where instances run; null for the CPU. One copy of the weights on a device serves all instances of the process, but for two cases in
    /// which each instance takes a copy of its own: modules that refuse to be cloned and are rebuilt by their factory, and
    /// <see cref="InstanceIsolation.Mappings"/>.
    /// </summary>
    public torch.Device? Device { get; init; }

    /// <summary>The model keeps no state between calls, so all holders share one instance.</summary>
    public bool Stateless { get; init; }
}
