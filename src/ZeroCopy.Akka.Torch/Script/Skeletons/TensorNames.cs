using System.Collections.Immutable;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>A tensor of a script under each of its names: the same elements of the same storage in the same order are one tensor.</summary>
internal sealed class TensorNames
{
    private readonly List<(string Name, TensorRole Role)> _names = [];

    /// <summary>The name by which it is first what it is: a parameter rather than a buffer, a buffer rather than an attribute.</summary>
    public string First => _names.MinBy(name => (int)name.Role).Name;

    public TensorRole Role => _names.Min(name => name.Role);

    /// <summary>The further names.</summary>
    public ImmutableArray<string> Aliases =>
        [.. _names.Select(name => name.Name).Except([First]).Order(StringComparer.Ordinal)];

    public void Add(IEnumerable<(string Name, TensorRole Role)> names) => _names.AddRange(names);

    /// <summary>What tensors that are one have in common.</summary>
    public static object KeyOf(PickleTensor tensor, TensorLayout layout) =>
        (tensor.Storage.Key, tensor.Offset.Value, layout.ToString(), tensor.Laziness.IsConjugate, tensor.Laziness.IsNegative);
}
