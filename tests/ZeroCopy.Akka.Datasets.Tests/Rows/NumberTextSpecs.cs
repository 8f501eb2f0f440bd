using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests.Rows;

public sealed class NumberTextSpecs
{
    [Theory]
    [InlineData("3", 3)]
    [InlineData("+3", 3)]
    [InlineData("-3.0", -3)]
    [InlineData("3.000000000000000000000000000000000000", 3)]
    [InlineData("3e2", 300)]
    [InlineData("1.25E+2", 125)]
    [InlineData("300e-2", 3)]
    [InlineData("0e-400", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("9223372036854775807.0", long.MaxValue)]
    [InlineData("-9.223372036854775808e18", long.MinValue)]
    public void NumberText_should_read_an_integer_however_it_is_written(string text, long value)
    {
        var element = new byte[sizeof(long)];

        Assert.True(NumberText.TryParse(Encoding.ASCII.GetBytes(text), DType.Int64, element));
        Assert.Equal(value, BinaryPrimitives.ReadInt64LittleEndian(element));
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("1e-30")]
    [InlineData("-1e-30")]
    [InlineData("1.00000000000000000000000000000001")]
    [InlineData("9223372036854775807.00000000000000001")]
    [InlineData("9223372036854775808")]
    [InlineData("9223372036854775808.0")]
    [InlineData("1e400")]
    [InlineData("1e")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("--0")]
    [InlineData("-+0")]
    [InlineData("- 0")]
    public void NumberText_should_not_read_an_integer_where_there_is_none(string text) =>
        Assert.False(NumberText.TryParse(Encoding.ASCII.GetBytes(text), DType.Int64, new byte[sizeof(long)]));

    [Fact]
    public void NumberText_should_round_to_sixteen_bits_once()
    {
        var element = new byte[sizeof(ushort)];

        Assert.True(NumberText.TryParse("1.00390625093132257461547851562"u8, DType.BFloat16, element));
        Assert.Equal(0x3F81, BinaryPrimitives.ReadUInt16LittleEndian(element));
        Assert.False(NumberText.TryParse("3.4e38"u8, DType.BFloat16, element));
    }

    [Theory]
    [InlineData("-0", true)]
    [InlineData("-0.0", true)]
    [InlineData("255.0", true)]
    [InlineData("-1.0", false)]
    [InlineData("2.56e2", false)]
    public void NumberText_should_read_an_integer_without_a_sign_within_its_range(string text, bool isOne) =>
        Assert.Equal(isOne, NumberText.TryParse(Encoding.ASCII.GetBytes(text), DType.UInt8, new byte[1]));
}
