namespace ZeroCopy.Node.Demo.Digits;

/// <summary>The classifier's sizes are fixed by the images, so there is nothing to configure.</summary>
internal sealed record DigitConfiguration
{
    public const string Key = "digits";
}
