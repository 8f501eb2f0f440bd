using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// What a factory may use to build a module cheaply around weights that exist already. A factory that ignores it still works: its tensors
/// are replaced by views after it returns. Not thread-safe: it is the factory's while that runs.
/// </summary>
public sealed class ModelBuild
{
    private readonly Dictionary<string, TensorEntry> _entries = [];
    private readonly IViewSource _views;
    private readonly List<torch.Tensor> _given = [];

    internal ModelBuild(ImmutableArray<TensorEntry> entries, IViewSource views)
    {
        _views = views;
        foreach (var entry in entries)
        {
            _entries[entry.Name] = entry;
            foreach (var alias in entry.Aliases)
            {
                _entries[alias] = entry;
            }
        }
    }

    /// <summary>
    /// Where to create tensors that will be bound anyway: META where the runtime can bind such tensors, so that nothing is allocated or
    /// initialised. Modules that hold a native implementation (embeddings, recurrent layers, attention) must be built on the CPU or around
    /// <see cref="Tensor"/>.
    /// </summary>
    public torch.Device Device { get; } = torch.META;

    /// <summary>
    /// A view of the stored tensor of that name (a tie's alias counts), owned by the runtime; pass it to functions that take a tensor, such
    /// as <c>Embedding_from_pretrained</c>.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.BindingException">The model has no such tensor.</exception>
    public torch.Tensor Tensor(string name)
    {
        var view = _views.View(Entry(name));
        _given.Add(view);
        return view;
    }

    /// <summary>The element type of the stored tensor of that name, for a module that comes in several.</summary>
    /// <exception cref="ZeroCopy.Errors.BindingException">The model has no such tensor.</exception>
    public torch.ScalarType ElementType(string name) => Entry(name).ScalarType();

    /// <summary>Ends the loan of the views: what the module made of them holds their storage on its own.</summary>
    internal void Release() => _given.ForEach(view => view.Dispose());

    private TensorEntry Entry(string name)
    {
        if (_entries.TryGetValue(name, out var entry))
        {
            return entry;
        }

        var problem = $"{name} is missing from the model";
        throw new BindingException($"The factory asks for a tensor that is not there: {problem}.", [problem]);
    }
}
