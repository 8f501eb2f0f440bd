using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>A set of abstract objects, which are numbers; never changes.</summary>
internal readonly struct ObjectSet : IEquatable<ObjectSet>
{
    private readonly ImmutableArray<int> _sorted;

    private ObjectSet(ImmutableArray<int> sorted) => _sorted = sorted;

    public static ObjectSet Empty => default;

    public bool IsEmpty => _sorted.IsDefaultOrEmpty;

    public ReadOnlySpan<int> Items => _sorted.AsSpan();

    public static ObjectSet Of(int one) => new([one]);

    public static ObjectSet Of(IEnumerable<int> items) => new([.. items.Distinct().Order()]);

    public bool Contains(int one) => !IsEmpty && _sorted.BinarySearch(one) >= 0;

    public ObjectSet With(ObjectSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return IsEmpty ? other : this;
        }

        var missing = false;
        foreach (var item in other._sorted)
        {
            missing |= _sorted.BinarySearch(item) < 0;
        }

        return missing ? Of(_sorted.Concat(other._sorted)) : this;
    }

    public bool Equals(ObjectSet other) => Items.SequenceEqual(other.Items);

    public override bool Equals(object? obj) => obj is ObjectSet other && Equals(other);

    public override int GetHashCode() => IsEmpty ? 0 : HashCode.Combine(_sorted.Length, _sorted[0], _sorted[^1]);
}
