using ZeroCopy.Blocks;

namespace ZeroCopy.Manifests;

/// <summary>Name of a model: the SHA-256 of its manifest's canonical JSON, the same on every host.</summary>
public readonly struct ModelId : IEquatable<ModelId>, IComparable<ModelId>
{
    private readonly Digest _digest;

    private ModelId(Digest digest) => _digest = digest;

    /// <summary>The id of the given bytes: hashes them.</summary>
    public static ModelId Of(ReadOnlySpan<byte> content) => new(Digest.Of(content));

    /// <summary>Wraps a finished hash of 32 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The hash is not 32 bytes long.</exception>
    public static ModelId FromHash(ReadOnlySpan<byte> hash) => new(Digest.From(hash));

    /// <summary>Parses 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static ModelId Parse(ReadOnlySpan<char> hex) =>
        TryParse(hex, out var id) ? id : throw new FormatException($"'{hex}' is not 64 lower-case hexadecimal digits.");

    /// <summary>Parses 64 lower-case hexadecimal digits; false for any other text.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out ModelId id)
    {
        var parsed = Digest.TryParse(hex, out var digest);
        id = new ModelId(digest);
        return parsed;
    }

    /// <summary>Writes the 32 bytes of the hash.</summary>
    public void CopyTo(Span<byte> hash) => _digest.CopyTo(hash);

    /// <inheritdoc/>
    public bool Equals(ModelId other) => _digest.Equals(other._digest);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ModelId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _digest.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(ModelId other) => _digest.CompareTo(other._digest);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => _digest.ToString();

    /// <summary>Whether both ids are the same hash.</summary>
    public static bool operator ==(ModelId left, ModelId right) => left.Equals(right);

    /// <summary>Whether the ids are different hashes.</summary>
    public static bool operator !=(ModelId left, ModelId right) => !left.Equals(right);
}
