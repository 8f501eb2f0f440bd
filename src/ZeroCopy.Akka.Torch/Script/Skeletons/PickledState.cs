using ZeroCopy.Manifests;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>
/// What the modules of a script and the plain objects inside of them hold, by its names in the outermost module.
/// </summary>
internal sealed class PickledState
{
    private readonly ScriptSyntax _syntax;
    private readonly Dictionary<PickleTensor, List<(string Name, TensorRole Role)>> _names = new(ReferenceEqualityComparer.Instance);
    private readonly List<(PickleTensor Tensor, string Name)> _inPlainObjects = [];
    private readonly HashSet<object> _open = new(ReferenceEqualityComparer.Instance);

    private PickledState(ScriptSyntax syntax) => _syntax = syntax;

    /// <summary>The names of each tensor that modules hold, and what it is to them.</summary>
    public IReadOnlyDictionary<PickleTensor, List<(string Name, TensorRole Role)>> Names => _names;

    /// <summary>All names of tensors.</summary>
    public IEnumerable<string> AllNames =>
        _names.Values.SelectMany(names => names.Select(name => name.Name)).Concat(_inPlainObjects.Select(item => item.Name));

    /// <summary>A name of each sparse tensor.</summary>
    public Dictionary<PickleSparse, string> Sparse { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>What says of a module that it is in training mode.</summary>
    public HashSet<PickleBoolean> Training { get; } = [];

    /// <summary>Parameters and buffers that readers other than the program do not get, and why.</summary>
    public SortedDictionary<string, string> NotExported { get; } = new(StringComparer.Ordinal);

    public static PickledState Read(PickleObject root, ScriptSyntax syntax)
    {
        var state = new PickledState(syntax);
        state.Walk(root, "", inModules: true);
        return state;
    }

    /// <summary>Takes the tensors of plain objects for attributes of the outermost module, which will hold them.</summary>
    public void NameInPlainObjects() => _inPlainObjects.ForEach(item => Name(item.Tensor, item.Name, TensorRole.Attribute));

    // Eval mode reaches a module that is held by modules alone: what a plain object calls its training is its own affair.
    private void Walk(PickleObject module, string prefix, bool inModules)
    {
        // A module under two names keeps both, so the guard is the path, not the set of all modules seen.
        if (!_open.Add(module))
        {
            return;
        }

        var type = _syntax.Class(module.Type.FullName);
        inModules &= type is { IsModule: true };
        if (module.State is PickleDictionary state)
        {
            foreach (var (key, value) in state.Items)
            {
                if (key is string name)
                {
                    Add(value, prefix, name, inModules ? RoleOf(type!, name) : null);
                }
            }
        }
        else if (inModules)
        {
            foreach (var name in type!.Parameters.Concat(type.Buffers))
            {
                NotExported[prefix + name] = "it is made by a __setstate__ when the script is loaded";
            }
        }

        _open.Remove(module);
    }

    /// <summary>Adds an attribute; <paramref name="role"/> is null for that of a plain object.</summary>
    private void Add(object? value, string prefix, string name, TensorRole? role)
    {
        switch (value)
        {
            case PickleSparse sparse:
                Sparse.TryAdd(sparse, prefix + name);
                if (role is TensorRole.Parameter or TensorRole.Buffer)
                {
                    NotExported[prefix + name] = "it is sparse, to be registered as to_dense()";
                }

                break;
            case PickleObject child:
                Walk(child, $"{prefix}{name}.", role is not null);
                break;
            case PickleTensor tensor when role is { } known:
                Name(tensor, prefix + name, known);
                break;
            case PickleTensor tensor:
                _inPlainObjects.Add((tensor, prefix + name));
                break;
            case PickleBoolean { Value: true } training when role is not null && name == "training":
                Training.Add(training);
                break;
        }
    }

    private static TensorRole RoleOf(ScriptClass type, string attribute) =>
        type.Parameters.Contains(attribute) ? TensorRole.Parameter
        : type.Buffers.Contains(attribute) ? TensorRole.Buffer : TensorRole.Attribute;

    private void Name(PickleTensor tensor, string name, TensorRole role)
    {
        if (!_names.TryGetValue(tensor, out var names))
        {
            _names[tensor] = names = [];
        }

        names.Add((name, role));
    }
}
