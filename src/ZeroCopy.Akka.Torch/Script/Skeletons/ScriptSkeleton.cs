using System.Collections.Immutable;
using System.Text;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Analysis;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>
/// Takes a TorchScript file apart: its weights as tensors to store, and the archive again without them. In the skeleton a weight keeps its
/// shape over a storage of one element with all strides zero, so that it takes no memory until it is bound.
/// </summary>
internal sealed class ScriptSkeleton
{
    private const long MostTrialBytes = 32 << 20;

    private readonly ScriptArchive _archive;
    private readonly ScriptSources _sources;
    private readonly PickledState _pickled;
    private readonly List<PickleTensor> _stripped = [];
    private readonly KeptTensors _kept;
    private readonly PickleObject _root;
    private readonly IReadOnlyDictionary<string, ScriptMethod> _methods;
    private readonly ScriptState _state;
    private readonly WriteAnalysis _analysis;
    private HashSet<string> _emptied = [];
    private byte[] _pickle = [];
    private SkeletonArchive? _skeleton;

    private ScriptSkeleton(ScriptArchive archive, PickleObject root)
    {
        _archive = archive;
        _kept = new KeptTensors(archive);
        _sources = ScriptSources.Read(archive);
        _root = root;
        var (syntax, methods) = ReadCode();
        // Those are for pickles: the loader calls them, and nobody else.
        _methods = methods.Where(item => item.Key is not ("__setstate__" or "__getstate__"))
            .ToDictionary(item => item.Key, item => item.Value, StringComparer.Ordinal);
        _pickled = PickledState.Read(root, syntax);
        _state = ScriptState.Read(root, syntax);
        _analysis = WriteAnalysis.Run(syntax, root.Type.FullName, _methods.Keys, _state.InTraining);
    }

    /// <summary>Where the script is from.</summary>
    public string Path => _archive.Path;

    /// <summary>The version of the archive's format, as it says itself.</summary>
    public string FormatVersion =>
        _archive.Find("version") is { } version ? Encoding.UTF8.GetString(_archive.Read(version)).Trim() : "unknown";

    /// <summary>Whether the code needs objects that PyTorch writes and cannot read.</summary>
    public bool HasLostConstants => _sources.Files.Any(file => file.Text.Contains("ConstantMKLDNNTensor", StringComparison.Ordinal));

    /// <summary>The weights, in the order of the module.</summary>
    public List<TensorSource> Tensors { get; } = [];

    /// <summary>Weights that the archive keeps, at their places in it.</summary>
    public ImmutableArray<TensorEntry> SkeletonTensors { get; private set; } = [];

    /// <summary>The archive without the weights.</summary>
    public SkeletonArchive Archive => _skeleton ?? throw new InvalidOperationException("The archive is not taken apart.");

    /// <summary>Bytes of tensors that stay in the skeleton.</summary>
    public long UnsharedBytes { get; private set; }

    /// <summary>Tensors that stay in the skeleton.</summary>
    public int UnsharedTensors { get; private set; }

    /// <summary>What is known of the code and the archive.</summary>
    public ScriptFacts Facts { get; private set; } = ScriptFacts.Empty;

    /// <summary>What the manifest keeps beside the tensors.</summary>
    public ImmutableSortedDictionary<string, string> Metadata => _pickled.NotExported.Count == 0
        ? Facts.ToMetadata()
        : Facts.ToMetadata().Add(
            ModelMetadata.NotExported, string.Join('\n', _pickled.NotExported.Select(item => $"{item.Key}: {item.Value}")));

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
        var pickle = ArchivePickle.Read(archive, bytes, "data");
        if (pickle.Root is not PickleObject { IsBuilt: true } module)
        {
            throw ZipDirectory.Invalid(archive.Path, "its data.pkl holds no module");
        }

        var constants = ArchivePickle.Read(archive, archive.Read(archive.Find("constants.pkl")!), "constants");
        foreach (var entry in archive.Entries.Where(entry => entry.Name.EndsWith(".debug_pkl", StringComparison.Ordinal)))
        {
            // Left out of the skeleton; one that is corrupt says that the file is.
            PickleReader.Read(archive.Read(entry), archive.Path, isKept: false);
        }

        var skeleton = new ScriptSkeleton(archive, module);
        SparseIndices.Require(archive, "data", pickle.Sparse, skeleton._pickled.Sparse);
        SparseIndices.Require(archive, "constants", constants.Sparse, skeleton._pickled.Sparse);
        var edits = new PickleEdits(pickle.FreeMemo);
        skeleton.AddAdapters();
        var end = skeleton.EndOfRoot();
        if (end is not null)
        {
            // The root will hold them; a plain object's tensors are out of reach else, and stay where they are.
            skeleton._pickled.NameInPlainObjects();
        }

        skeleton._emptied = skeleton.Split(pickle.Tensors, edits);
        if (end is { } place)
        {
            skeleton.Simplify(pickle, edits, place);
        }

        skeleton._pickle = edits.Apply(bytes);
        skeleton.Write();
        skeleton.Facts = skeleton.Describe();
        return skeleton;
    }

    /// <summary>
    /// Has the code raise an error where it would call an operator that libtorch lacks, if all of those calls depend on a condition.
    /// </summary>
    public bool TryDoWithout(string name, string error)
    {
        if (!_sources.TryRaiseInstead(_root.Type, name, error))
        {
            return false;
        }

        Write();
        return true;
    }

    /// <summary>
    /// The archive for loading it once and seeing whether that works: with nothing in the place of tensors that no code sees before a call,
    /// as far as they take more than <paramref name="mostBytes"/>.
    /// </summary>
    public byte[] ForTrial(long mostBytes = MostTrialBytes)
    {
        var trial = Archive.Layout.ByteLength <= mostBytes ? Archive
            : Create(
                EmptiedRecords.Of(
                    _archive, _pickle, _sources.Files.Any(file => file.Text.Contains("__setstate__", StringComparison.Ordinal))));
        var bytes = new byte[trial.Layout.ByteLength];
        trial.Read(0, bytes);
        return bytes;
    }

    private ScriptFacts Describe()
    {
        return new ScriptFacts(
            UnsharedBytes,
            UnsharedTensors,
            _archive.Entries.Any(entry => _archive.NameOf(entry).StartsWith("code/__torch__/torch/classes/", StringComparison.Ordinal)),
            _analysis.Reason,
            [.. Tensors.Where(tensor => tensor.Aliases.Append(tensor.Name).Any(MayBeWrittenTo)).Select(tensor => tensor.Name)],
            _analysis.MixingRows.ToImmutableSortedDictionary(StringComparer.Ordinal),
            [.. _analysis.Lending],
            _methods.ToImmutableSortedDictionary(item => item.Key, item => item.Value.Parameters, StringComparer.Ordinal),
            _methods.Where(item => ScriptAdapter.Fits(item.Value))
                .ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal),
            _methods.Where(item => item.Value.Result is { IsData: false, IsPlainResult: false, IsOpen: false })
                .ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal),
            _methods.ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal));
    }

    private bool MayBeWrittenTo(string name) => _state.FieldsOf(name).Any(field => _analysis.MayWriteTo(field.Class, field.Attribute));

    // Takes the weights out; returns the records that they were in.
    private HashSet<string> Split(IReadOnlyList<PickleTensor> tensors, PickleEdits edits)
    {
        var readsStorage = _sources.ReadsStorage();
        var stripped = new HashSet<string>(StringComparer.Ordinal);
        var known = new Dictionary<object, TensorNames>();
        var order = new List<(PickleTensor Tensor, TensorLayout Layout, TensorNames Names)>();
        foreach (var users in tensors.GroupBy(tensor => tensor.Storage.Key, StringComparer.Ordinal))
        {
            var layouts = users.Select(tensor => (Tensor: tensor, Layout: LayoutOf(tensor))).ToList();
            if (layouts.Any(user => user.Layout is null || !_pickled.Names.ContainsKey(user.Tensor))
                || layouts.All(user => user.Layout!.ElementCount == 0)
                || (readsStorage && layouts.Any(user => !IsWhole(user.Tensor, user.Layout!)))
                || (_analysis.Reason is not null
                    && Overlap(
                        layouts.Select(
                            user => (user.Tensor.Offset.Value, user.Layout!, user.Tensor.Laziness with { ArgumentsEnd = null })))))
            {
                UnsharedTensors += users.Count(tensor => tensor.Sizes.Aggregate(1L, (a, b) => a * b) > 0);
                UnsharedBytes += _archive.Find($"data/{users.Key}")?.Length ?? 0;
                foreach (var tensor in users.Where(_pickled.Names.ContainsKey))
                {
                    KeepInSkeleton(tensor);
                }

                continue;
            }

            stripped.Add(_archive.Find($"data/{users.Key}")!.Name);
            foreach (var (tensor, layout) in layouts)
            {
                edits.Strip(tensor);
                _stripped.Add(tensor);
                var key = TensorNames.KeyOf(tensor, layout!);
                if (!known.TryGetValue(key, out var names))
                {
                    known[key] = names = new TensorNames();
                    order.Add((tensor, layout!, names));
                }

                names.Add(_pickled.Names[tensor]);
            }
        }

        order.ForEach(one => AddTensor(one.Tensor, one.Layout, one.Names));
        foreach (var entry in _archive.Entries
            .Where(entry => entry.Name.StartsWith($"{_archive.Root}/constants/", StringComparison.Ordinal)))
        {
            UnsharedTensors++;
            UnsharedBytes += entry.Length;
        }

        return stripped;
    }

    private static bool IsWhole(PickleTensor tensor, TensorLayout layout) =>
        tensor.Offset.Value == 0 && layout.ElementCount == tensor.Storage.Count.Value;

    // Whether a write through one tensor would be seen through another one that is not just another name of it.
    private static bool Overlap(IEnumerable<(long Offset, TensorLayout Layout, PickleLaziness Laziness)> tensors)
    {
        var end = 0L;
        var distinct = tensors.DistinctBy(tensor => (tensor.Offset, tensor.Layout.ToString(), tensor.Laziness));
        foreach (var (offset, layout, _) in distinct.OrderBy(tensor => tensor.Offset))
        {
            if (offset < end)
            {
                return true;
            }

            end = offset + layout.ElementCount;
        }

        return false;
    }

    private void AddTensor(PickleTensor tensor, TensorLayout layout, TensorNames names)
    {
        var entry = _archive.Find($"data/{tensor.Storage.Key}")!;
        var offset = tensor.Offset.Value * layout.DType.ElementSize();
        var stored = new ScriptTensor(_archive, entry, offset, names.First, names.Role, layout, names.Aliases);
        Tensors.Add(tensor.Laziness.IsLazy ? new LazyTensor(stored, tensor.Laziness) : stored);
    }

    private void KeepInSkeleton(PickleTensor tensor)
    {
        if (_kept.AddOrRefuse(tensor, _pickled.Names[tensor]) is not { } reason)
        {
            return;
        }

        foreach (var (name, _) in _pickled.Names[tensor].Where(name => name.Role is TensorRole.Parameter or TensorRole.Buffer))
        {
            _pickled.NotExported[name] = reason;
        }
    }

    // Forward hooks are methods by what they are, and no methods to be called.
    private (ScriptSyntax Syntax, IReadOnlyDictionary<string, ScriptMethod> Methods) ReadCode()
    {
        var syntax = ScriptSyntax.Read(_sources.Files);
        var methods = ScriptMethod.AllOf(syntax, _root.Type.FullName, Path);
        if (syntax.Class(_root.Type.FullName) is not { PreHooks: var before, Hooks: var behind } || before.Count + behind.Count == 0
            || !methods.TryGetValue("forward", out var forward) || !before.Concat(behind).All(methods.ContainsKey))
        {
            return (syntax, methods);
        }

        var (source, hooked) = ScriptHooks.Forward(
            _root.Type.FullName, forward, before.Select(name => (name, methods[name])), behind.Select(name => (name, methods[name])));
        _sources.Unhook(_root.Type, ScriptHooks.Inner);
        _sources.AddMethods(_root.Type, source);
        var callable = methods.Where(method => !before.Contains(method.Key) && !behind.Contains(method.Key))
            .ToDictionary(method => method.Key, method => method.Key == "forward" ? hooked : method.Value, StringComparer.Ordinal);
        return (ScriptSyntax.Read(_sources.Files), callable);
    }

    // The layout where the tensor is dense; null where it has to stay as it is.
    private TensorLayout? LayoutOf(PickleTensor tensor)
    {
        if (tensor.Storage.Type.DType is not { } dtype
            || tensor.IsQuantized
            || (tensor.Laziness is { IsLazy: true } lazy && (lazy.ArgumentsEnd is null || !LazyTensor.Has(dtype)))
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

    private void AddAdapters() => _sources.AddMethods(_root.Type, string.Concat(
        from item in _methods.OrderBy(item => item.Key, StringComparer.Ordinal)
        where ScriptAdapter.Fits(item.Value)
        select ScriptAdapter.Source(_root.Type.FullName, item.Key, item.Value)));

    // Where the root's attributes end, if the code can be made quick to load: any tensor can become an attribute of the root then, by its
    // name.
    private int? EndOfRoot() =>
        _sources.CanSimplify(_root.Type) && !ConstantsNameClasses()
            && _pickled.AllNames.All(name => name.AsSpan().IndexOfAny('"', '\\', '\n') < 0)
            ? (_root.State as PickleDictionary)?.ItemsEnd : null;

    // Makes the code quick to load. A plain object's tensors are out of reach, so the root holds them too, under the names that they have
    // in the module; and nobody switches it to eval mode, so it is written in it.
    private void Simplify(Pickle pickle, PickleEdits edits, int end)
    {
        var hidden = _stripped.ConvertAll(tensor => (
            Tensor: tensor, Names: _pickled.Names[tensor].Select(name => name.Name).Distinct().Where(name => name.Contains('.')).ToList()));
        var merged = _sources.Merge(_root.Type);
        _sources.MakePlain(_root.Type, hidden.SelectMany(item => item.Names));
        foreach (var global in pickle.Globals)
        {
            if (merged.TryGetValue(global.FullName, out var other))
            {
                edits.Rename(global, other.Module, other.Name);
            }
        }

        foreach (var training in _pickled.Training)
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

    // The archive as it is now, and where what it keeps lies in it.
    private void Write()
    {
        _skeleton = Create(new Dictionary<string, byte[]?>(StringComparer.Ordinal));
        SkeletonTensors = _kept.In(_skeleton);
    }

    private SkeletonArchive Create(Dictionary<string, byte[]?> changed)
    {
        foreach (var name in _emptied)
        {
            changed[name] = new byte[16];
        }

        changed.TryAdd($"{_archive.Root}/data.pkl", _pickle);
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

        return SkeletonArchive.Create(_archive, changed, _kept.Records, _kept.Resolved);
    }
}
