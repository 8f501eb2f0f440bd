using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>The attributes of classes that a script's tensors are in, and the modules that are not switched to evaluation.</summary>
internal sealed class ScriptState
{
    private readonly ScriptSyntax _syntax;
    private readonly Dictionary<string, List<(string Class, string Attribute)>> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inTraining = new(StringComparer.Ordinal);
    private readonly HashSet<object> _open = new(ReferenceEqualityComparer.Instance);

    private ScriptState(ScriptSyntax syntax) => _syntax = syntax;

    /// <summary>Classes of modules of which one stays in training mode: held by something else than modules, it is not switched.</summary>
    public IReadOnlySet<string> InTraining => _inTraining;

    public static ScriptState Read(PickleObject root, ScriptSyntax syntax)
    {
        var state = new ScriptState(syntax);
        state.Walk(root, "", [], inModules: true);
        return state;
    }

    /// <summary>The attributes that a tensor is in, or is inside of, by the tensor's name.</summary>
    public IReadOnlyList<(string Class, string Attribute)> FieldsOf(string name) => _fields.GetValueOrDefault(name) ?? [];

    private void Walk(object? value, string path, ImmutableList<(string Class, string Attribute)> through, bool inModules)
    {
        switch (value)
        {
            case PickleTensor:
                if (!_fields.TryGetValue(path, out var fields))
                {
                    _fields[path] = fields = [];
                }

                fields.AddRange(through);
                break;
            case PickleObject { State: PickleDictionary attributes } one when _open.Add(one):
                inModules &= _syntax.Class(one.Type.FullName) is { IsModule: true };
                foreach (var (key, item) in attributes.Items)
                {
                    if (key is string name)
                    {
                        if (name == "training" && !inModules && item is PickleBoolean { Value: true })
                        {
                            _inTraining.Add(one.Type.FullName);
                        }

                        Walk(item, path.Length == 0 ? name : $"{path}.{name}", through.Add((one.Type.FullName, name)), inModules);
                    }
                }

                _open.Remove(one);
                break;
            case PickleObject one when _open.Add(one):
                // What its own code makes of it when it is loaded.
                Walk(one.State, path, through, inModules: false);
                _open.Remove(one);
                break;
            case object?[] tuple:
                Array.ForEach(tuple, item => Walk(item, path, through, inModules: false));
                break;
            case PickleList list when _open.Add(list):
                list.Items.ForEach(item => Walk(item, path, through, inModules: false));
                _open.Remove(list);
                break;
            case PickleDictionary dictionary when _open.Add(dictionary):
                dictionary.Items.ForEach(item => Walk(item.Value, path, through, inModules: false));
                _open.Remove(dictionary);
                break;
        }
    }
}
