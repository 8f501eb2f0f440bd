namespace ZeroCopy.Actors.Batching;

/// <summary>Which requests join: those of an equal key that go to the same actor.</summary>
/// <param name="Key">The codec's key.</param>
/// <param name="HashKey">For consistent hashing; null for any actor.</param>
internal readonly record struct BatchKind(object Key, string? HashKey)
{
    /// <summary>Rows of the request, which say nothing about what it joins with.</summary>
    public required int Rows { get; init; }

    public bool Equals(BatchKind other) => Key.Equals(other.Key) && HashKey == other.HashKey;

    public override int GetHashCode() => HashCode.Combine(Key, HashKey);
}
