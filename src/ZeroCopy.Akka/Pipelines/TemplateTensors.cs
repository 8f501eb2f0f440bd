using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch;

namespace ZeroCopy.Pipelines;

/// <summary>
/// The tensors of a template outside its modules, as views of a model of the store. Each copy of the template has views of a mapping of
/// its own: what it writes to them stays with it, and what it does not write to costs it no memory.
/// </summary>
internal sealed class TemplateTensors(TorchRuntime runtime, ModelHandle model) : IDisposable
{
    private readonly IReadOnlyDictionary<string, torch.Tensor> _views = runtime.OpenState(model);

    /// <summary>The template's own view of a tensor.</summary>
    public torch.Tensor this[string name] => _views[name];

    /// <summary>
    /// Adds for each of the template's views the one that takes its place in a copy; returns these, which the caller disposes.
    /// </summary>
    public IReadOnlyCollection<torch.Tensor> AddCopies(Dictionary<object, object> given)
    {
        var copies = runtime.OpenState(model);
        foreach (var (name, view) in _views)
        {
            given[view] = copies[name];
        }

        return [.. copies.Values];
    }

    public void Dispose()
    {
        foreach (var view in _views.Values)
        {
            view.Dispose();
        }
    }
}
