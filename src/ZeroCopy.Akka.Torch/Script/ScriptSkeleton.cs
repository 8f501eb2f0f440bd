using System.Collections.Immutable;
using System.IO.Compression;
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
    private readonly ScriptCode _code;
    private readonly Dictionary<PickleTensor, List<(string Name, TensorRole Role)>> _names = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _visited = new(ReferenceEqualityComparer.Instance);
    private readonly PickleObject _root;
    private readonly IReadOnlyDictionary<string, ScriptMethod> _methods;
    private bool _hasContainers;

    private ScriptSkeleton(ScriptArchive archive, PickleObject root)
    {
        _archive = archive;
        _code = ScriptCode.Read(archive);
        _root = root;
        _methods = _code.Methods(root.Type);
    }

    /// <summary>The weights, in the order of the module.</summary>
    public List<TensorSource> Tensors { get; } = [];

    /// <summary>The archive without the weights.</summary>
    public byte[] Bytes { get; private set; } = [];

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

        var pickle = archive.Read(archive.Find("data.pkl")!);
        var (root, tensors) = PickleReader.Read(pickle, archive.Path);
        if (root is not PickleObject module)
        {
            throw ZipDirectory.Invalid(archive.Path, "its data.pkl holds no module");
        }

        var skeleton = new ScriptSkeleton(archive, module);
        skeleton.Walk(module, "");
        skeleton.Split(tensors, pickle);
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
            stateful,
            [.. copied.Select(tensor => tensor.Name)],
            _methods.ToImmutableSortedDictionary(item => item.Key, item => item.Value.Parameters, StringComparer.Ordinal),
            _methods.Where(item => ScriptAdapter.Fits(item.Value))
                .ToImmutableSortedDictionary(item => item.Key, item => item.Value.Result, StringComparer.Ordinal));
    }

    private bool IsChanged(string name) => _code.IsChanged(name[(name.LastIndexOf('.') + 1)..]);

    private void Walk(PickleObject module, string prefix)
    {
        // A module under two names keeps both, so the guard is the path, not the set of all modules seen.
        if (module.State is not PickleDictionary state || !_visited.Add(module))
        {
            return;
        }

        foreach (var (key, value) in state.Items)
        {
            if (key is not string name)
            {
                continue;
            }

            if (value is PickleObject child)
            {
                Walk(child, $"{prefix}{name}.");
            }
            else if (value is PickleTensor tensor)
            {
                var role = _code.IsParameter(module.Type, name) ? TensorRole.Parameter
                    : _code.IsBuffer(module.Type, name) ? TensorRole.Buffer : TensorRole.Attribute;
                if (!_names.TryGetValue(tensor, out var names))
                {
                    _names[tensor] = names = [];
                }

                names.Add((prefix + name, role));
            }
            else
            {
                _hasContainers |= value is PickleList or PickleDictionary;
            }
        }

        _visited.Remove(module);
    }

    private void Split(List<PickleTensor> tensors, byte[] pickle)
    {
        var edits = new SortedDictionary<int, (int End, byte Value)>();
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

        Bytes = Write(Rewrite(pickle, edits), stripped);
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

    // The layout where the tensor is dense and fits its record; null where it has to stay as it is.
    private TensorLayout? LayoutOf(PickleTensor tensor)
    {
        var entry = _archive.Find($"data/{tensor.Storage.Key}");
        if (tensor.Storage.DType is not { } dtype)
        {
            return null;
        }

        if (tensor.Sizes.Any(size => size < 0) || tensor.Steps.Length != tensor.Sizes.Length || tensor.Steps.Any(step => step < 0)
            || tensor.Offset.Value < 0 || tensor.Storage.Count.Value < 0)
        {
            throw ZipDirectory.Invalid(_archive.Path, $"a tensor in record data/{tensor.Storage.Key} has a negative size, stride or offset");
        }

        long last;
        checked
        {
            last = tensor.Sizes.Any(size => size == 0)
                ? 0 : tensor.Offset.Value + 1 + tensor.Sizes.Zip(tensor.Steps, (size, step) => (size - 1) * step).Sum();
        }

        var length = entry?.Length ?? 0;
        if (last > tensor.Storage.Count.Value || checked(tensor.Storage.Count.Value * dtype.ElementSize()) > length || entry is { Compressed: true })
        {
            throw ZipDirectory.Invalid(_archive.Path, $"a tensor does not fit its record data/{tensor.Storage.Key} of {length} bytes");
        }

        try
        {
            return entry is null ? null : new TensorLayout(dtype, tensor.Sizes, tensor.Steps);
        }
        catch (ArgumentException)
        {
            // Strides with gaps or overlaps, such as an expanded tensor: no block holds that, so it stays in the skeleton.
            return null;
        }
    }

    private static void Strip(PickleTensor tensor, SortedDictionary<int, (int End, byte Value)> edits)
    {
        edits[tensor.Storage.Count.Start] = (tensor.Storage.Count.End, 1);
        edits[tensor.Offset.Start] = (tensor.Offset.End, 0);
        foreach (var step in tensor.Strides)
        {
            edits[step.Start] = (step.End, 0);
        }
    }

    private static byte[] Rewrite(byte[] pickle, SortedDictionary<int, (int End, byte Value)> edits)
    {
        var output = new MemoryStream(pickle.Length);
        var at = 0;
        foreach (var (start, (end, value)) in edits)
        {
            output.Write(pickle, at, start - at);
            output.WriteByte((byte)'K');
            output.WriteByte(value);
            at = end;
        }

        output.Write(pickle, at, pickle.Length - at);
        return output.ToArray();
    }

    private byte[] Write(byte[] pickle, HashSet<string> stripped)
    {
        var output = new MemoryStream();
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in _archive.Entries)
            {
                // Fixed times and no compression: the same model gives the same bytes on every host.
                var record = zip.CreateEntry(entry.Name, CompressionLevel.NoCompression);
                record.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = record.Open();
                stream.Write(
                    stripped.Contains(entry.Name) ? new byte[16]
                    : entry.Name == $"{_archive.Root}/data.pkl" ? pickle
                    : entry.Name == $"{_archive.Root}/code/{_root.Type.Module.Replace('.', '/')}.py" ? WithAdapters(_archive.Read(entry))
                    : _archive.Read(entry));
            }
        }

        return output.ToArray();
    }

    // The source file of the module's own class, with the adapters behind the class's methods.
    private byte[] WithAdapters(byte[] source)
    {
        var type = $"{_root.Type.Module}.{_root.Type.Name}";
        var adapters = _methods.Where(item => ScriptAdapter.Fits(item.Value)).OrderBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => ScriptAdapter.Source(type, item.Key, item.Value));
        var lines = Encoding.UTF8.GetString(source).TrimEnd('\n').Split('\n').ToList();
        var start = lines.FindIndex(line => line.StartsWith($"class {_root.Type.Name}(", StringComparison.Ordinal));
        var end = lines.FindIndex(start + 1, line => line.Length > 0 && line[0] != ' ');
        lines.InsertRange(end < 0 ? lines.Count : end, adapters.Select(text => text.TrimEnd('\n')));
        return Encoding.UTF8.GetBytes(string.Join('\n', lines) + '\n');
    }
}
