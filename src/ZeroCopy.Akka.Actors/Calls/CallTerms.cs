namespace ZeroCopy.Actors.Calls;

/// <summary>What the caller and the settings say about one call, defaults filled in.</summary>
/// <param name="Deadline">Time from call to answer; null for no limit.</param>
/// <param name="Ownership">Who releases the argument.</param>
/// <param name="HashKey">For consistent hashing; null for any actor.</param>
/// <param name="Cancellation">The caller's token.</param>
internal readonly record struct CallTerms(
    TimeSpan? Deadline, ArgumentOwnership Ownership, string? HashKey, CancellationToken Cancellation);
