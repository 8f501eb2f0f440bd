namespace ZeroCopy.Node.Demo.Digits;

/// <summary>The digits and the trained model, which travel inside the executable.</summary>
internal static class DigitResources
{
    public static Stream Open(string file) =>
        typeof(DigitResources).Assembly.GetManifestResourceStream($"{typeof(DigitResources).Namespace}.{file}")
        ?? throw new InvalidOperationException($"The executable carries no resource '{file}'.");
}
