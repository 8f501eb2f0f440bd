using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Tests.Rows;

public sealed class ValueMeaningSpecs
{
    [Theory]
    [InlineData(0, 0, "1970-01-01T00:00:00")]
    [InlineData(0, -1, "1969-12-31T23:59:59")]
    [InlineData(3, -1, "1969-12-31T23:59:59.999")]
    [InlineData(6, 253_402_300_799_999_999, "9999-12-31T23:59:59.999999")]
    [InlineData(6, -62_135_596_800_000_000, "0001-01-01T00:00:00")]
    [InlineData(9, long.MaxValue, "2262-04-11T23:47:16.854775807")]
    [InlineData(9, long.MinValue, "1677-09-21T00:12:43.145224192")]
    [InlineData(9, 1_000_000_001, "1970-01-01T00:00:01.000000001")]
    public void ValueMeaning_should_write_and_read_points_in_time_exactly(int digits, long value, string text)
    {
        var (plain, zoned) = (Meaning(ValueKind.Timestamp, digits), Meaning(ValueKind.Timestamp, digits) with { Zone = "UTC" });

        Assert.Equal((text, text + "Z"), (Text(plain, value), Text(zoned, value)));
        Assert.Equal((value, value), (Read(plain, text), Read(zoned, text + "Z")));
    }

    [Theory]
    [InlineData(ValueKind.Date, 0, -719_162, "0001-01-01")]
    [InlineData(ValueKind.Date, 0, 2_932_896, "9999-12-31")]
    [InlineData(ValueKind.Date, 3, -86_400_000, "1969-12-31")]
    [InlineData(ValueKind.Time, 0, 86_399, "23:59:59")]
    [InlineData(ValueKind.Time, 9, 86_399_999_999_999, "23:59:59.999999999")]
    [InlineData(ValueKind.Time, 6, 500_000, "00:00:00.500000")]
    public void ValueMeaning_should_write_and_read_dates_and_times_exactly(object kind, int digits, long value, string text)
    {
        var meaning = Meaning((ValueKind)kind, digits);

        Assert.Equal(text, Text(meaning, value));
        Assert.Equal(value, Read(meaning, text));
    }

    [Theory]
    [InlineData(ValueKind.Timestamp, 6, 253_402_300_800_000_000)]
    [InlineData(ValueKind.Timestamp, 6, -62_135_596_800_000_001)]
    [InlineData(ValueKind.Date, 0, 2_932_897)]
    [InlineData(ValueKind.Time, 0, 86_400)]
    [InlineData(ValueKind.Time, 6, -1)]
    public void ValueMeaning_should_have_no_text_for_what_is_out_of_range(object kind, int digits, long value) =>
        Assert.Equal("", Text(Meaning((ValueKind)kind, digits), value));

    private static ValueMeaning Meaning(ValueKind kind, int digits) => new(kind, sizeof(long), digits);

    private static string Text(ValueMeaning meaning, long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Encoding.ASCII.GetString(meaning.Format(bytes));
    }

    private static long Read(ValueMeaning meaning, string text) => meaning.ParseTime(Encoding.ASCII.GetBytes(text));
}
