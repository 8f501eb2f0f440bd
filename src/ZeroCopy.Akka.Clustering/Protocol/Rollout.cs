namespace ZeroCopy.Clustering.Protocol;

/// <summary>What somebody decided about the versions of a name; without one the newest that is warm enough is current.</summary>
/// <param name="Version">The version that calls get; null where the newest does again.</param>
/// <param name="Percent">Share of the calls that get it, 1 to 100; the others get <paramref name="Before"/>.</param>
/// <param name="Before">The version that was current before, to which a rollback returns; null where there was none.</param>
/// <param name="Epoch">The newest of two decisions has the higher one.</param>
public sealed record Rollout(int? Version, int Percent, int? Before, long Epoch);
