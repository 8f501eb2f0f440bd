using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Tensors;

public sealed class BrainFloatSpecs
{
    // 1 + 2^-8 lies between two of them, and the lower one is even.
    [Theory]
    [InlineData(1.0, 0x3F80)]
    [InlineData(1.00390625, 0x3F80)]
    [InlineData(1.00390625 + (1.0 / (1 << 30)), 0x3F81)]
    [InlineData(-1.00390625 - (1.0 / (1 << 30)), 0xBF81)]
    [InlineData(1.00390625 - (1.0 / (1 << 30)), 0x3F80)]
    [InlineData(1.01171875 - (1.0 / (1 << 30)), 0x3F81)]
    [InlineData(1.01171875, 0x3F82)]
    [InlineData(-0.0, 0x8000)]
    [InlineData(1e-300, 0x0000)]
    [InlineData(3.3961775292304957e38, 0x7F80)]
    [InlineData(3.3961775292304e38, 0x7F7F)]
    [InlineData(double.PositiveInfinity, 0x7F80)]
    public void BrainFloat_should_round_a_number_once(double number, int bits) => Assert.Equal((ushort)bits, BrainFloat.Round(number));

    [Theory]
    [InlineData(16842752L, 0x4B80)]
    [InlineData(16842753L, 0x4B81)]
    [InlineData(-16842753L, 0xCB81)]
    [InlineData((1L << 62) + (1L << 54) + 1, 0x5E81)]
    [InlineData((1L << 62) + (1L << 54), 0x5E80)]
    [InlineData(long.MaxValue, 0x5F00)]
    [InlineData(long.MinValue, 0xDF00)]
    [InlineData(long.MinValue + 1, 0xDF00)]
    public void BrainFloat_should_round_a_whole_number_once(long number, int bits) =>
        Assert.Equal((ushort)bits, BrainFloat.Round(number));

    [Fact]
    public void BrainFloat_should_stay_no_number_whatever_its_payload_is()
    {
        Assert.Equal(0x7FC0, BrainFloat.Round(BitConverter.UInt32BitsToSingle(0x7F800001)));
        Assert.False(BrainFloat.IsFinite(BrainFloat.Round(double.NaN)));
    }
}
