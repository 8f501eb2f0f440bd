using System.Globalization;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>
/// The handwritten digits that the product carries, in two parts: every third image (index % 3 == 2) is held out, the others
/// are for training.
/// </summary>
/// <param name="Pixels">64 values from 0 to 16 an image.</param>
/// <param name="Labels">The digit on each image.</param>
internal sealed record DigitData(float[] Pixels, long[] Labels)
{
    public const int PixelsPerImage = 64;

    public int Count => Labels.Length;

    public static DigitData Training() => Read(heldOut: false);

    public static DigitData HeldOut() => Read(heldOut: true);

    /// <summary>Images from <paramref name="start"/> on as [rows, 64].</summary>
    public HostTensor Images(int start, int rows) =>
        HostTensor.From<float>(DType.Float32, Pixels.AsSpan(start * PixelsPerImage, rows * PixelsPerImage), rows, PixelsPerImage);

    private static DigitData Read(bool heldOut)
    {
        using var reader = new StreamReader(DigitResources.Open("digits.csv"));
        reader.ReadLine();
        var pixels = new List<float>();
        var labels = new List<long>();
        for (var index = 0; reader.ReadLine() is { } line; index++)
        {
            if ((index % 3 == 2) != heldOut)
            {
                continue;
            }

            var values = line.Split(',');
            labels.Add(long.Parse(values[0], CultureInfo.InvariantCulture));
            pixels.AddRange(values.Skip(1).Select(value => float.Parse(value, CultureInfo.InvariantCulture)));
        }

        return new DigitData([.. pixels], [.. labels]);
    }
}
