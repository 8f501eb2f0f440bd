using ZeroCopy.Node.Demo.Digits;

namespace ZeroCopy.Node.Tests.Demo.Digits;

public sealed class DigitDataSpecs
{
    [Fact]
    public void DigitData_should_hold_out_every_third_image()
    {
        var (training, heldOut) = (DigitData.Training(), DigitData.HeldOut());

        Assert.Equal((1198, 599), (training.Count, heldOut.Count));
        Assert.Equal([0L, 1, 3, 4, 6], training.Labels[..5]);
        Assert.Equal([2L, 5, 8], heldOut.Labels[..3]);
    }

    [Fact]
    public void DigitData_should_hold_images_with_values_from_0_to_16()
    {
        var data = DigitData.HeldOut();

        Assert.Equal(data.Count * DigitData.PixelsPerImage, data.Pixels.Length);
        Assert.All(data.Pixels, value => Assert.InRange(value, 0, 16));
        Assert.All(data.Labels, label => Assert.InRange(label, 0, 9));
    }
}
