using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Content;

/// <summary>
/// The tensors of a <c>.safetensors</c> file, or of the shards that an <c>*.index.json</c> names, ready to be put: they are read from the
/// files piece by piece while the put runs. Keeps the files open until it is disposed, after the put. Source: the format's description at
/// https://github.com/huggingface/safetensors; the index is that of Hugging Face's transformers.
/// Thread-safe, except for its disposal.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int MaxIndexBytes = 100_000_000;
    private const string FormatKey = "format";
    private readonly List<SafeFileHandle> _files = [];
    private readonly List<(SafeFileHandle File, SafetensorsHeader Header)> _parts = [];

    private SafetensorsFile(string path) => Path = path;

    /// <summary>The file, or the index of the shards.</summary>
    public string Path { get; }

    /// <summary>
    /// The tensors, in the order of their bytes, shard by shard. The format does not say which are parameters: floating-point ones are
    /// taken for parameters, others for buffers. Nor does it know ties, which Python's <c>save_model</c> and our export write as metadata
    /// from a name that is missing to the tensor's: they are the tensor's aliases here.
    /// </summary>
    public ImmutableArray<TensorSource> Tensors { get; private set; } = [];

    /// <summary>The file's free text, without the ties; of shards, the first one's.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; private set; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Opens a <c>.safetensors</c> file or an <c>*.index.json</c> and reads the headers, not the tensors.</summary>
    /// <exception cref="InvalidModelException">
    /// A file is absent, unreadable or not valid, or the shards and their index do not fit each other; names the file and the reason.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        var result = new SafetensorsFile(path);
        try
        {
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                result.AddShards();
            }
            else
            {
                result.AddFile(path);
            }

            result.Join();
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result.Dispose();
            throw new InvalidModelException($"{path}: cannot be read: {e.Message}", e);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>What a put takes; without a recipe the model is bare weights.</summary>
    public ModelContent ToContent(Recipe? recipe = null) => new()
    {
        Tensors = Tensors,
        Recipe = recipe ?? new Recipe.Weights("", ""),
        Metadata = ModelMetadata.FromFile(Metadata),
    };

    /// <summary>Closes the files; the tensors can no longer be read.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private SafetensorsHeader AddFile(string path)
    {
        // A pipe has no length either, and opening it would wait for its writer.
        if (new FileInfo(path).Length == 0)
        {
            throw SafetensorsParser.Invalid(path, "the file is empty.");
        }

        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        _files.Add(file);
        var header = SafetensorsHeader.Read(file, path);
        _parts.Add((file, header));
        return header;
    }

    private void Join()
    {
        var names = _parts.SelectMany(part => part.Header.Tensors).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var ties = _parts.SelectMany(part => part.Header.Metadata)
            .Where(
                pair => names.Contains(pair.Value)
                    && !names.Contains(pair.Key)
                    && pair.Key != FormatKey
                    && SafetensorsParser.IsTensorName(pair.Key))
            .DistinctBy(pair => pair.Key, StringComparer.Ordinal).ToLookup(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        var tied = ties.SelectMany(names => names).ToHashSet(StringComparer.Ordinal);
        Metadata = _parts[0].Header.Metadata.RemoveRange(tied);
        Tensors =
        [
            .. from part in _parts
               from tensor in part.Header.Tensors
               select new FileTensorSource(
                   tensor.Name,
                   RoleOf(tensor.Layout.DType),
                   tensor.Layout,
                   part.File,
                   tensor.Offset,
                   [.. ties[tensor.Name].Order(StringComparer.Ordinal)])
        ];
    }

    private void AddShards()
    {
        var map = ReadIndex();
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        var homes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var shard in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var file = System.IO.Path.Combine(folder, shard);
            if (!File.Exists(file))
            {
                throw new InvalidModelException($"{Path}: the shard '{shard}' is missing from {folder}; copy it there.");
            }

            foreach (var tensor in AddFile(file).Tensors)
            {
                if (!homes.TryAdd(tensor.Name, shard))
                {
                    throw Invalid($"tensor '{tensor.Name}' is in two shards, '{homes[tensor.Name]}' and '{shard}'.");
                }

                if (!map.TryGetValue(tensor.Name, out var home) || home != shard)
                {
                    throw Invalid(
                        $"tensor '{tensor.Name}' is in the shard '{shard}', "
                        + (home is null ? "but not in the index." : $"not in '{home}' as the index says."));
                }
            }
        }

        if (map.Keys.FirstOrDefault(name => !homes.ContainsKey(name)) is { } missing)
        {
            throw Invalid($"tensor '{missing}' is not in its shard '{map[missing]}'.");
        }
    }

    private Dictionary<string, string> ReadIndex()
    {
        if (new FileInfo(Path).Length > MaxIndexBytes)
        {
            throw Invalid($"an index has at most {MaxIndexBytes} bytes.");
        }

        try
        {
            using var json = JsonDocument.Parse(
                File.ReadAllBytes(Path), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var member in json.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var shard = member.Value.GetString() ?? "";
                if (shard is "" or "." or ".." || shard.IndexOfAny(['/', '\\', '\0', ':']) >= 0)
                {
                    throw Invalid(
                        $"tensor '{member.Name}' is said to be in '{shard.Replace("\0", "\\0", StringComparison.Ordinal)}', "
                        + "which is no file name inside the index's folder.");
                }

                map.Add(member.Name, shard);
            }

            return map;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw Invalid($"not an index of safetensors shards (an object with a 'weight_map'): {e.Message}", e);
        }
    }

    private InvalidModelException Invalid(string reason, Exception? inner = null) => SafetensorsParser.Invalid(Path, reason, inner);

    private static TensorRole RoleOf(DType dtype) => dtype is DType.Bool or DType.UInt8 or DType.Int8 or DType.Int16 or DType.UInt16
        or DType.Int32 or DType.UInt32 or DType.Int64 or DType.UInt64 ? TensorRole.Buffer : TensorRole.Parameter;
}
