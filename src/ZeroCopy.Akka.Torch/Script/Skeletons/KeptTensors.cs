using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>
/// Tensors that stay in a skeleton, from where the program reads them: those that no block can be, or that share memory with each other.
/// Others read them there too.
/// </summary>
internal sealed class KeptTensors(ScriptArchive archive)
{
    // Elements of lazy tensors are written out, and strides may go over the same ones again.
    private const long MaxResolvedBytes = 512 << 20;
    private readonly List<(string Record, long Offset, TensorLayout Layout, TensorNames Names)> _kept = [];
    private readonly Dictionary<object, TensorNames> _known = [];
    private readonly SortedDictionary<string, byte[]> _resolved = new(StringComparer.Ordinal);
    private long _resolvedBytes;

    /// <summary>The archive's records that hold them.</summary>
    public IReadOnlySet<string> Records => _kept.Select(kept => kept.Record).ToHashSet(StringComparer.Ordinal);

    /// <summary>Further records, for readers other than the program: the elements of lazy conjugates and negatives.</summary>
    public IReadOnlyDictionary<string, byte[]> Resolved => _resolved;

    /// <summary>Adds a tensor under names of its own; returns why not, where it cannot be read where it lies.</summary>
    public string? AddOrRefuse(PickleTensor tensor, IEnumerable<(string Name, TensorRole Role)> names)
    {
        if (tensor.IsQuantized)
        {
            return "it is quantized";
        }

        if (tensor.Storage.Type.DType is not { } dtype)
        {
            return "it is of a type that a .safetensors file does not have";
        }

        if (tensor.Laziness.IsLazy && !LazyTensor.Has(dtype))
        {
            return "it is a lazy negative of integers";
        }

        var layout = TensorLayout.Strided(dtype, tensor.Sizes, tensor.Steps);
        var key = TensorNames.KeyOf(tensor, layout);
        if (!_known.TryGetValue(key, out var known))
        {
            if (tensor.Laziness.IsLazy && layout.ByteLength > MaxResolvedBytes - _resolvedBytes)
            {
                return "it is lazy, and too large to be written out";
            }

            _known[key] = known = new TensorNames();
            _kept.Add(tensor.Laziness.IsLazy
                ? (Resolve(tensor, layout), 0, new TensorLayout(dtype, tensor.Sizes), known)
                : ($"{archive.Root}/data/{tensor.Storage.Key}", tensor.Offset.Value * dtype.ElementSize(), layout, known));
        }

        known.Add(names);
        return null;
    }

    /// <summary>The tensors at their places in a skeleton, whose block is not known yet.</summary>
    public ImmutableArray<TensorEntry> In(SkeletonArchive skeleton) =>
    [
        .. from kept in _kept
           let offset = kept.Layout.ElementCount == 0 ? 0 : skeleton.OffsetOf(kept.Record) + kept.Offset
           select new TensorEntry(kept.Names.First, kept.Names.Role, kept.Layout, default, kept.Names.Aliases) { Offset = offset }
    ];

    private string Resolve(PickleTensor tensor, TensorLayout layout)
    {
        var record = archive.Read(archive.Find($"data/{tensor.Storage.Key}")!);
        var elements = new byte[layout.ByteLength];
        new LazyTensor(new GatheredTensor(record, tensor.Offset.Value, layout), tensor.Laziness).Read(0, elements);
        var name = string.Create(CultureInfo.InvariantCulture, $"{archive.Root}/zerocopy/{_resolved.Count}");
        _resolved.Add(name, elements);
        _resolvedBytes += elements.LongLength;
        return name;
    }
}
