using TorchSharp;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch;

/// <summary>How a model is opened in this process.</summary>
/// <typeparam name="TModule">The module's type.</typeparam>
public sealed record OpenOptions<TModule>
    where TModule : torch.nn.Module
{
    /// <summary>Builds the module where the catalog and this process's live prototypes cannot.</summary>
    public Func<ModelBuild, TModule>? Factory { get; init; }

    /// <summary>Where instances run; null for the CPU. One copy of the weights on a device serves all instances of the process.</summary>
    public torch.Device? Device { get; init; }

    /// <summary>The model keeps no state between calls, so all holders share one instance.</summary>
    public bool Stateless { get; init; }
}
