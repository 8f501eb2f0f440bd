namespace ZeroCopy.Torch.Batching;

/// <summary>Which requests join: those whose parts are equal one by one.</summary>
internal sealed class BatchKey : IEquatable<BatchKey>
{
    private readonly object?[] _parts;
    private readonly int _hash;

    public BatchKey(IEnumerable<object?> parts)
    {
        _parts = [.. parts];
        var hash = new HashCode();
        foreach (var part in _parts)
        {
            hash.Add(part);
        }

        _hash = hash.ToHashCode();
    }

    public bool Equals(BatchKey? other) => other is not null && _hash == other._hash && _parts.AsSpan().SequenceEqual(other._parts);

    public override bool Equals(object? obj) => Equals(obj as BatchKey);

    public override int GetHashCode() => _hash;
}
