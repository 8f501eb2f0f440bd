using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>
/// The tensors of a <c>.safetensors</c> file, or of the shards that an <c>*.index.json</c> names, ready to be put: they are read from the
/// files piece by piece while the put runs. Keeps the files open until it is disposed, after the put. Source: the format's description at
/// https://github.com/huggingface/safetensors; the index is that of Hugging Face's transformers.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int MaxIndexBytes = 100_000_000;
    private readonly List<SafeFileHandle> _files = [];

    private SafetensorsFile(string path) => Path = path;

    /// <summary>The file, or the index of the shards.</summary>
    public string Path { get; }

    /// <summary>
    /// The tensors, in the order of their bytes, shard by shard. The format does not say which are parameters: floating-point ones are taken
    /// for parameters, others for buffers.
    /// </summary>
    public ImmutableArray<TensorSource> Tensors { get; private set; } = [];

    /// <summary>The file's free text; of shards, the first one's.</summary>
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
        Metadata = Metadata,
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
        Tensors = Tensors.AddRange(header.Tensors.Select(t => new FileTensorSource(t.Name, RoleOf(t.Layout.DType), t.Layout, file, t.Offset)));
        if (_files.Count == 1)
        {
            Metadata = header.Metadata;
        }

        return header;
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
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
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

    private static TensorRole RoleOf(DType dtype) =>
        dtype is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64 or DType.Complex64 ? TensorRole.Parameter : TensorRole.Buffer;
}
