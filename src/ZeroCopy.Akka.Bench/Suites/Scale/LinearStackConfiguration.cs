using System.Text.Json.Serialization;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>A model of a number of tensors of one size.</summary>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Rows">Rows of each; a row has <see cref="Columns"/> numbers of 4 bytes.</param>
internal sealed record LinearStackConfiguration(
    [property: JsonPropertyName("tensors")] int Tensors, [property: JsonPropertyName("rows")] int Rows)
{
    public const int Columns = 64;
    private const int RowBytes = Columns * sizeof(float);

    public long Bytes => (long)Tensors * Rows * RowBytes;

    /// <summary>The model of that many tensors that comes nearest to a size, from below where it can.</summary>
    public static LinearStackConfiguration OfSize(int kibibytes, int tensors) =>
        new(tensors, (int)Math.Max(1, ((long)kibibytes << 10) / tensors / RowBytes));
}
