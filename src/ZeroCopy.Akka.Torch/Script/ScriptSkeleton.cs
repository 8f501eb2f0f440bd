using System.Collections.Immutable;
using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// Takes a TorchScript file apart: its weights as tensors to store, and the archive again without them. In the skeleton a weight keeps its
/// shape over a storage of one element with all strides zero, so that it takes no memory until it is bound.
/// </summary>
internal sealed class ScriptSkeleton
{
    private readonly ScriptArchive _archive;
    private readonly ScriptSources _sources;
    private readonly ScriptCode _code;
    private readonly Dictionary<PickleTensor, List<(string Name, TensorRole Role)>> _names = new(ReferenceEqualityComparer.Instance);
    private readonly List<(PickleTensor Tensor, string Name)> _inPlainObjects = [];
    private readonly HashSet<object> _visited = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<PickleBoolean> _training = [];
    private readonly List<PickleTensor> _stripped = [];
    private readonly PickleObject _root;
    private readonly IReadOnlyDictionary<string, ScriptMethod> _methods;
    private SkeletonArchive? _skeleton;
    private bool _hasContainers;

    private ScriptSkeleton(ScriptArchive archive, PickleObject root)
    {
        _archive = archive;
        _sources = ScriptSources.Read(archive);
        _code = ScriptCode.Read(_sources);
        _root = root;
        _methods = _code.Methods(root.Type);
    }

    /// <summary>The weights, in the order of the module.</summary>
    public List<TensorSource> Tensors { get; } = [];

    /// <summary>The archive without the weights.</summary>
    public SkeletonArchive Archive => _skeleton ?? throw new InvalidOperationException("The archive is not taken apart.");

    /// <summary>Bytes of tensors that stay in the skeleton.</summary>
    public long UnsharedBytes { get; private set; }

    /// <summary>Tensors that stay in the skeleton.</summary>
    public int UnsharedTensors { get; private set; }

    /// <summary>What the manifest keeps beside the tensors.</summary>
    public ScriptFacts Facts { get; private set; } = ScriptFacts.Empty;

    /// <summary>Checks every record and takes the archive apart.</summary>
    /// <exception cref="InvalidModelException">The archive is corrupt; the message names the record.</exception>
    public static ScriptSkeleton Create(ScriptArchive archive, CancellationToken cancellationToken = default)
    {
        foreach (var entry in archive.Entries)
        {
            if (entry.Compressed)
            {
                archive.Read(entry);
            }
            else
            {
                archive.Verify(entry, cancellationToken);
            }
        }

        var bytes = archive.Read(archive.Find("data.pkl")!);
        var pickle = ReadPickle(archive, bytes, "data");
        if (pickle.Root is not PickleObject { State: PickleDictionary } module)
        {
            throw ZipDirectory.Invalid(archive.Path, "its data.pkl holds no module");
        }

        ReadPickle(archive, archive.Read(archive.Find("constants.pkl")!), "constants");
        foreach (var entry in archive.Entries.Where(entry => entry.Name.EndsWith(".debug_pkl", StringComparison.Ordinal)))
        {
            // Left out of the skeleton; one that is corrupt says that the file is.
            PickleReader.Read(archive.Read(entry), archive.Path);
        }

        var skeleton = new ScriptSkeleton(archive, module);
        skeleton.Walk(module, "", inModules: true);
        var edits = new PickleEdits(pickle.FreeMemo);
        skeleton.AddAdapters();
        var end = skeleton.EndOfRoot();
        if (end is not null)
        {
            // The root will hold them; a plain object's tensors are out of reach else, and stay where they are.
            skeleton._inPlainObjects.ForEach(item => skeleton.AddName(item.Tensor, item.Name, TensorRole.Attribute));
        }

        var records = skeleton.Split(pickle.Tensors, edits);
        if (end is { } place)
        {
            skeleton.Simplify(pickle, edits, place);
        }

        skeleton._skeleton = skeleton.Write(edits.Apply(bytes), records);
        skeleton.Facts = skeleton.Describe();
        return skeleton;
    }

    private ScriptFacts Describe()
    {
        // Instances share one module only where nothing in the code can change it.
        var stateful = _code.AssignsAttributes || _code.ChangesTensors || (_code.ChangesContainers && _hasContainers);
        var copied = Tensors.Where(tensor => stateful && _code.ChangesTensors
            && (tensor.Role != TensorRole.Parameter || tensor.Aliases.Append(tensor.Name).Any(IsChanged)));
        return new ScriptFacts(
            UnsharedBytes,
            UnsharedTensors,
            _archive.Entries.Any(entry => _archive.NameOf(entry).StartsWith("code/__torch__/torch/classes/", StringComparison.Ordinal)),
            stateful,
            [.. copied.Select(tensor => tensor.Name)],
            _methods.ToImmutableSortedDictionary(item => item.Key, item => item.Value.Parameters, StringComparer.Ordinal),
            _methods.Where(item => ScriptAdapter.Fits(item.Value))
                .ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal),
            _methods.Where(item => item.Value.Result is { IsData: false, IsPlainResult: false, IsOpen: false })
                .ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal));
    }

    private bool IsChanged(string name) => _code.IsChanged(name[(name.LastIndexOf('.') + 1)..]);

    // Eval mode reaches a module that is held by modules alone: what a plain object calls its training is its own affair.
    private void Walk(PickleObject module, string prefix, bool inModules)
    {
        // A module under two names keeps both, so the guard is the path, not the set of all modules seen.
        if (module.State is not PickleDictionary state || !_visited.Add(module))
        {
            return;
        }

        inModules &= _code.IsModule(module.Type);
        foreach (var (key, value) in state.Items)
        {
            if (key is not string name)
            {
                continue;
            }

            if (value is PickleObject child)
            {
                Walk(child, $"{prefix}{name}.", inModules);
            }
            else if (value is PickleTensor tensor)
            {
                if (inModules)
                {
                    AddName(tensor, prefix + name, _code.IsParameter(module.Type, name) ? TensorRole.Parameter
                        : _code.IsBuffer(module.Type, name) ? TensorRole.Buffer : TensorRole.Attribute);
                }
                else
                {
                    _inPlainObjects.Add((tensor, prefix + name));
                }
            }
            else if (inModules && name == "training" && value is PickleBoolean { Value: true } training)
            {
                _training.Add(training);
            }
            else
            {
                _hasContainers |= value is PickleList or PickleDictionary;
            }
        }

        _visited.Remove(module);
    }

    private void AddName(PickleTensor tensor, string name, TensorRole role)
    {
        if (!_names.TryGetValue(tensor, out var names))
        {
            _names[tensor] = names = [];
        }

        names.Add((name, role));
    }

    // Takes the weights out; gives the records that they were in.
    private HashSet<string> Split(IReadOnlyList<PickleTensor> tensors, PickleEdits edits)
    {
        var stripped = new HashSet<string>(StringComparer.Ordinal);
        var known = new Dictionary<(string Key, long Offset, string Layout), (ArchiveEntry Entry, TensorLayout Layout, List<(string Name, TensorRole Role)> Names)>();
        var order = new List<(string Key, long Offset, string Layout)>();
        foreach (var users in tensors.GroupBy(tensor => tensor.Storage.Key, StringComparer.Ordinal))
        {
            var layouts = users.Select(tensor => (Tensor: tensor, Layout: LayoutOf(tensor))).ToList();
            if (layouts.Any(user => user.Layout is null || !_names.ContainsKey(user.Tensor)) || layouts.All(user => user.Layout!.ElementCount == 0)
                || (_code.ChangesTensors && Overlap(layouts.Select(user => (user.Tensor.Offset.Value, user.Layout!)))))
            {
                UnsharedTensors += users.Count(tensor => tensor.Sizes.Aggregate(1L, (a, b) => a * b) > 0);
                UnsharedBytes += _archive.Find($"data/{users.Key}")?.Length ?? 0;
                continue;
            }

            var entry = _archive.Find($"data/{users.Key}")!;
            stripped.Add(entry.Name);
            foreach (var (tensor, layout) in layouts)
            {
                Strip(tensor, edits);
                _stripped.Add(tensor);
                var key = (users.Key, tensor.Offset.Value, layout!.ToString());
                if (!known.TryGetValue(key, out var twin))
                {
                    known[key] = twin = (entry, layout, []);
                    order.Add(key);
                }

                twin.Names.AddRange(_names[tensor]);
            }
        }

        AddTensors(order, known);
        foreach (var entry in _archive.Entries.Where(entry => entry.Name.StartsWith($"{_archive.Root}/constants/", StringComparison.Ordinal)))
        {
            UnsharedTensors++;
            UnsharedBytes += entry.Length;
        }

        return stripped;
    }

    // Whether a write through one tensor would be seen through another one that is not just another name of it.
    private static bool Overlap(IEnumerable<(long Offset, TensorLayout Layout)> tensors)
    {
        var end = 0L;
        foreach (var (offset, layout) in tensors.DistinctBy(tensor => (tensor.Offset, tensor.Layout.ToString())).OrderBy(tensor => tensor.Offset))
        {
            if (offset < end)
            {
                return true;
            }

            end = offset + layout.ElementCount;
        }

        return false;
    }

    private void AddTensors(
        List<(string Key, long Offset, string Layout)> order,
        Dictionary<(string Key, long Offset, string Layout), (ArchiveEntry Entry, TensorLayout Layout, List<(string Name, TensorRole Role)> Names)> known)
    {
        foreach (var key in order)
        {
            var (entry, layout, names) = known[key];
            var first = names.MinBy(name => (int)name.Role);
            var aliases = names.Select(name => name.Name).Where(name => name != first.Name).Distinct().Order(StringComparer.Ordinal);
            var offset = key.Offset * layout.DType.ElementSize();
            Tensors.Add(new ScriptTensor(_archive, entry, offset, first.Name, first.Role, layout, [.. aliases]));
        }
    }

    // Every tensor of the archive's folder fits its record, for libtorch does not look.
    private static Pickle ReadPickle(ScriptArchive archive, byte[] bytes, string folder)
    {
        var pickle = PickleReader.Read(bytes, archive.Path);
        foreach (var tensor in pickle.Tensors)
        {
            var record = $"{folder}/{tensor.Storage.Key}";
            if (tensor.Sizes.Any(size => size < 0) || tensor.Steps.Length != tensor.Sizes.Length || tensor.Steps.Any(step => step < 0)
                || tensor.Offset.Value < 0 || tensor.Storage.Count.Value < 0)
            {
                throw ZipDirectory.Invalid(archive.Path, $"a tensor in record {record} has a negative size, stride or offset");
            }

            var length = archive.Find(record)?.Length ?? 0;
            if (!Fits(tensor, length))
            {
                throw ZipDirectory.Invalid(archive.Path, $"a tensor does not fit its record {record} of {length} bytes");
            }
        }

        return pickle;
    }

    private static bool Fits(PickleTensor tensor, long length)
    {
        var (type, count) = (tensor.Storage.Type, tensor.Storage.Count.Value);
        try
        {
            checked
            {
                var last = tensor.Sizes.Any(size => size == 0)
                    ? 0 : tensor.Offset.Value + 1 + tensor.Sizes.Zip(tensor.Steps, (size, step) => (size - 1) * step).Sum();
                return last <= count * type.Elements && count * type.Bytes <= length;
            }
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    // The layout where the tensor is dense; null where it has to stay as it is.
    private TensorLayout? LayoutOf(PickleTensor tensor)
    {
        if (tensor.Storage.Type.DType is not { } dtype || tensor.IsQuantized
            || _archive.Find($"data/{tensor.Storage.Key}") is not { Compressed: false })
        {
            return null;
        }

        try
        {
            return new TensorLayout(dtype, tensor.Sizes, tensor.Steps);
        }
        catch (ArgumentException)
        {
            // Strides with gaps or overlaps, such as an expanded tensor: no block holds that, so it stays in the skeleton.
            return null;
        }
    }

    private static void Strip(PickleTensor tensor, PickleEdits edits)
    {
        edits.Replace(tensor.Storage.Count, 1);
        edits.Replace(tensor.Offset, 0);
        foreach (var step in tensor.Strides)
        {
            edits.Replace(step, 0);
        }
    }

    private void AddAdapters() => _sources.AddMethods(_root.Type, string.Concat(
        from item in _methods.OrderBy(item => item.Key, StringComparer.Ordinal)
        where ScriptAdapter.Fits(item.Value)
        select ScriptAdapter.Source(_root.Type.FullName, item.Key, item.Value)));

    // Where the root's attributes end, if the code can be made quick to load: any tensor can become an attribute of the root then, by its name.
    private int? EndOfRoot() =>
        _sources.CanSimplify(_root.Type) && !ConstantsNameClasses()
            && _names.Values.SelectMany(names => names.Select(name => name.Name)).Concat(_inPlainObjects.Select(item => item.Name))
                .All(name => name.AsSpan().IndexOfAny('"', '\\', '\n') < 0)
            ? ((PickleDictionary)_root.State!).ItemsEnd : null;

    // Makes the code quick to load. A plain object's tensors are out of reach, so the root holds them too, under the names that they have
    // in the module; and nobody switches it to eval mode, so it is written in it.
    private void Simplify(Pickle pickle, PickleEdits edits, int end)
    {
        var hidden = _stripped.ConvertAll(tensor => (
            Tensor: tensor, Names: _names[tensor].Select(name => name.Name).Distinct().Where(name => name.Contains('.')).ToList()));
        var merged = _sources.Merge(_root.Type);
        _sources.MakePlain(_root.Type, hidden.SelectMany(item => item.Names));
        foreach (var global in pickle.Globals)
        {
            if (merged.TryGetValue(global.FullName, out var other))
            {
                edits.Rename(global, other.Module, other.Name);
            }
        }

        foreach (var training in _training)
        {
            edits.Clear(training);
        }

        foreach (var (tensor, names) in hidden.Where(item => item.Names.Count > 0))
        {
            var place = edits.Remember(tensor);
            names.ForEach(name => edits.Add(end, name, place));
        }
    }

    private bool ConstantsNameClasses() => _archive.Read(_archive.Find("constants.pkl")!).AsSpan().IndexOf("__torch__"u8) >= 0;

    private SkeletonArchive Write(byte[] pickle, HashSet<string> stripped)
    {
        var changed = stripped.ToDictionary(name => name, _ => (byte[]?)new byte[16], StringComparer.Ordinal);
        changed[$"{_archive.Root}/data.pkl"] = pickle;
        foreach (var entry in _archive.Entries)
        {
            var name = _archive.NameOf(entry);
            if (ScriptSources.IsSource(name))
            {
                // Nothing is left of a file whose classes others stand for.
                changed[entry.Name] = _sources.Text(name) is { } text ? Encoding.UTF8.GetBytes(text) : null;
            }
            else if (name.EndsWith(".debug_pkl", StringComparison.Ordinal))
            {
                // Places in Python's sources are not those of changed code.
                changed[entry.Name] = null;
            }
        }

        return SkeletonArchive.Create(_archive, changed);
    }
}
