using TorchSharp;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Script.Skeletons;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>A script taken apart, with its weights in memory instead of a store.</summary>
internal sealed class ScriptFixture : IDisposable
{
    private readonly Dictionary<string, torch.Tensor> _weights = new(StringComparer.Ordinal);

    public ScriptFixture(string path)
    {
        using var archive = ScriptArchive.Open(path);
        var skeleton = ScriptSkeleton.Create(archive);
        Facts = skeleton.Facts;
        Skeleton = new byte[skeleton.Archive.Layout.ByteLength];
        skeleton.Archive.Read(0, Skeleton);
        var entries = new List<TensorEntry>();
        foreach (var source in skeleton.Tensors)
        {
            var bytes = new byte[source.Layout.ByteLength];
            source.Read(0, bytes);
            entries.Add(new TensorEntry(source.Name, source.Role, source.Layout, BlockId.Of(bytes), source.Aliases));
            _weights[source.Name] = Tensor(source.Layout, bytes);
        }

        Entries = [.. entries, .. skeleton.SkeletonTensors.Select(tensor => tensor with { Block = BlockId.Of(Skeleton) })];
    }

    public ScriptFacts Facts { get; }

    public byte[] Skeleton { get; }

    public IReadOnlyList<TensorEntry> Entries { get; }

    public IReadOnlyDictionary<string, torch.Tensor> Weights => _weights;

    public static string Data(string name)
    {
        Skip.If(RepositoryRoot.SharedData is null, "The shared test data is absent.");
        return Path.Combine(RepositoryRoot.SharedData!, name);
    }

    /// <summary>The script as a model.</summary>
    /// <param name="onLoad">Runs in a load, before each tensor is bound.</param>
    /// <param name="lease">Ends with the model.</param>
    public ScriptModel Open(Action? onLoad = null, IDisposable? lease = null) => new(
        "test",
        new Manifest(new Recipe.Script(BlockId.Of(Skeleton)), Entries, Facts.ToMetadata()),
        Skeleton,
        isReadOnly => new Copies(_weights, isReadOnly, onLoad),
        lease,
        torch.CPU,
        InstanceIsolation.None,
        maxIdle: 16);

    public static object? Call(IModelInstance instance, string method, params object?[] arguments) =>
        instance.Run((target, _) => ((ScriptProgram)target).Invoke(method, arguments), null);

    public void Dispose()
    {
        foreach (var weight in _weights.Values)
        {
            weight.Dispose();
        }
    }

    /// <summary>The weights themselves where nothing is written, else copies: what private mappings of the store are like.</summary>
    private sealed class Copies(Dictionary<string, torch.Tensor> weights, bool isReadOnly, Action? onLoad) : IViewSource
    {
        public torch.Tensor View(TensorEntry entry)
        {
            onLoad?.Invoke();
            return isReadOnly ? weights[entry.Name].alias() : weights[entry.Name].clone();
        }

        public void Dispose()
        {
        }
    }

    private static torch.Tensor Tensor(TensorLayout layout, byte[] bytes)
    {
        var dtype = Enum.Parse<torch.ScalarType>(layout.DType switch
        {
            DType.UInt8 => "Byte",
            DType.Complex64 => "ComplexFloat32",
            DType.Complex128 => "ComplexFloat64",
            var other => other.ToString(),
        });
        var flat = torch.empty([layout.ElementCount], dtype: dtype);
        bytes.CopyTo(flat.bytes);
        return flat.as_strided([.. layout.Shape], [.. layout.Strides]);
    }
}
