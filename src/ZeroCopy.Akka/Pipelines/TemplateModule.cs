using TorchSharp;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Pipelines;

/// <summary>A module of a template: the instance that stands in the template's graph, and what it is.</summary>
/// <param name="Entry">The model and its paths.</param>
/// <param name="Placeholder">Stands in the template wherever the module stood; bound to the shared weights.</param>
/// <param name="Type">The type of the module that was wrapped.</param>
/// <param name="Places">Its paths with what they are declared as.</param>
/// <param name="Factory">Builds a further one to bind; null where the runtime itself knows the model.</param>
internal sealed record TemplateModule(
    WrappedModule Entry, torch.nn.Module Placeholder, Type Type, IReadOnlyCollection<(string Path, Type Type)> Places,
    Func<ModelBuild, torch.nn.Module>? Factory)
{
    /// <summary>Where it is inside another module of the pipeline; null where it is in none.</summary>
    public ModulePart? Part { get; init; }
}
