namespace ZeroCopy.Client.Metadata;

/// <summary>A number of calls, or of steps in them, and the time that they took together.</summary>
/// <param name="Count">How many.</param>
/// <param name="Time">Time of all together.</param>
public sealed record CallStatistic(long Count, TimeSpan Time)
{
    /// <summary>Time of one, on average; zero where there was none.</summary>
    public TimeSpan Average => Count == 0 ? TimeSpan.Zero : Time / Count;
}
