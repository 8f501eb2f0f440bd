using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Tests.Tensors;

public sealed class BFloat16Specs
{
    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-2f, 0xC000)]
    [InlineData(1.00390625f, 0x3F80)]
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(1.0039064f, 0x3F81)]
    [InlineData(float.MaxValue, 0x7F80)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(1e-45f, 0)]
    public void BFloat16_should_round_to_the_nearest_and_to_the_even_one_of_two(float value, int bits) =>
        Assert.Equal(bits, ((BFloat16)value).ToBits());

    [Fact]
    public void BFloat16_should_come_back_from_a_float_with_the_same_bits()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var number = BFloat16.FromBits((ushort)bits);
            Assert.True(float.IsNaN(number) ? float.IsNaN((BFloat16)(float)number) : (BFloat16)(float)number == number, $"{bits:x}");
        }
    }
}
