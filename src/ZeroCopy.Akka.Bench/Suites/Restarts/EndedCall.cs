namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>A call that was answered, or not.</summary>
/// <param name="End">The timestamp of its end.</param>
/// <param name="Failure">Why it was not answered; null where it was.</param>
internal sealed record EndedCall(long End, string? Failure)
{
    /// <summary>The failure of a call that nobody heard of again.</summary>
    public const string Lost = "lost";
}
