using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Batching;

/// <summary>Which requests join: those of equal structure, and of equal numbers (types, devices and sizes of the tensors).</summary>
internal sealed class BatchKey : IEquatable<BatchKey>
{
    private readonly List<object?> _structure;
    private readonly List<long> _numbers;
    private readonly int _hash;

    /// <summary>A key that keeps the lists, which nobody changes any more.</summary>
    public BatchKey(List<object?> structure, List<long> numbers)
    {
        _structure = structure;
        _numbers = numbers;
        var hash = new HashCode();
        foreach (var part in structure)
        {
            hash.Add(part);
        }

        hash.AddBytes(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)));
        _hash = hash.ToHashCode();
    }

    /// <summary>Whether a key of these lists would be equal.</summary>
    public bool Is(List<object?> structure, List<long> numbers) =>
        CollectionsMarshal.AsSpan(_structure).SequenceEqual(CollectionsMarshal.AsSpan(structure))
        && CollectionsMarshal.AsSpan(_numbers).SequenceEqual(CollectionsMarshal.AsSpan(numbers));

    public bool Equals(BatchKey? other) => ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && Is(other._structure, other._numbers));

    public override bool Equals(object? obj) => Equals(obj as BatchKey);

    public override int GetHashCode() => _hash;
}
