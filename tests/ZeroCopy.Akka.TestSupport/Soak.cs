namespace ZeroCopy.TestSupport;

/// <summary>Tests that take minutes, and run where they are asked for alone.</summary>
public static class Soak
{
    /// <summary>Why such a test is skipped.</summary>
    public const string Reason = "It takes minutes: ZEROCOPY_SOAK=1 runs it.";

    /// <summary>Whether they are asked for.</summary>
    public static bool IsOn => Environment.GetEnvironmentVariable("ZEROCOPY_SOAK") == "1";
}
