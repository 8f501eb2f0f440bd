using System.Text.Json;

namespace ZeroCopy.Blocks;

/// <summary>Name of a block: the SHA-256 of its bytes, the same on every host.</summary>
public readonly struct BlockId : IEquatable<BlockId>, IComparable<BlockId>
{
    private readonly Digest _digest;

    private BlockId(Digest digest) => _digest = digest;

    /// <summary>The id of the given bytes: hashes them.</summary>
    public static BlockId Of(ReadOnlySpan<byte> content) => new(Digest.Of(content));

    /// <summary>Wraps a finished hash of 32 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The hash is not 32 bytes long.</exception>
    public static BlockId FromHash(ReadOnlySpan<byte> hash) => new(Digest.From(hash));

    /// <summary>Parses 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static BlockId Parse(ReadOnlySpan<char> hex) =>
        TryParse(hex, out var id) ? id : throw new FormatException($"'{hex}' is not 64 lower-case hexadecimal digits.");

    /// <summary>Parses 64 lower-case hexadecimal digits; false for any other text.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out BlockId id)
    {
        var parsed = Digest.TryParse(hex, out var digest);
        id = new BlockId(digest);
        return parsed;
    }

    /// <summary>Parses the text or the name that a JSON reader is at, without making a string of it.</summary>
    internal static bool TryParse(ref Utf8JsonReader reader, out BlockId id)
    {
        if (reader.ValueIsEscaped)
        {
            return TryParse(reader.GetString(), out id);
        }

        var parsed = Digest.TryParse(reader.ValueSpan, out var digest);
        id = new BlockId(digest);
        return parsed;
    }

    /// <summary>Writes the 32 bytes of the hash.</summary>
    public void CopyTo(Span<byte> hash) => _digest.CopyTo(hash);

    /// <inheritdoc/>
    public bool Equals(BlockId other) => _digest.Equals(other._digest);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BlockId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _digest.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(BlockId other) => _digest.CompareTo(other._digest);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => _digest.ToString();

    /// <summary>Whether both ids are the same hash.</summary>
    public static bool operator ==(BlockId left, BlockId right) => left.Equals(right);

    /// <summary>Whether the ids are different hashes.</summary>
    public static bool operator !=(BlockId left, BlockId right) => !left.Equals(right);
}
