using Akka.Cluster;

namespace ZeroCopy.Clustering.Catalog;

/// <summary>
/// Which version of the product members run, told with <c>akka.cluster.app-version</c>, and which of them work together: those of one major
/// version, and before 1.0 those of one minor version too.
/// </summary>
internal static class ProductVersion
{
    /// <summary>Tells our versions from those of applications that say their own, which are not looked at.</summary>
    private const string Suffix = "-zerocopy";

    /// <summary>What a member says of itself.</summary>
    public static string AppVersion { get; } = typeof(ProductVersion).Assembly.GetName().Version!.ToString(3) + Suffix;

    /// <summary>Why this member cannot stay with those that were there before it; null where it can.</summary>
    public static string? Problem(Cluster cluster)
    {
        if (Of(cluster.SelfMember) is not { } own)
        {
            return null;
        }

        var older = cluster.State.Members
            .Where(member => member.Address != cluster.SelfAddress && member.Status == MemberStatus.Up
                && member.IsOlderThan(cluster.SelfMember))
            .Select(member => (member.Address, Version: Of(member)))
            .FirstOrDefault(member => member.Version is { } version && !WorkTogether(own, version));
        return older.Version is { } other
            ? $"This node runs version {own} of ZeroCopy.Akka and {older.Address} version {other}, which do not work together in one "
                + "cluster"
            : null;
    }

    /// <summary>Whether nodes of two versions may be members of one cluster.</summary>
    public static bool WorkTogether(Version one, Version other) =>
        one.Major == other.Major && (one.Major > 0 || one.Minor == other.Minor);

    private static Version? Of(Member member) => member.AppVersion.Version is { } text && text.EndsWith(Suffix, StringComparison.Ordinal)
        && Version.TryParse(text[..^Suffix.Length], out var version) ? version : null;
}
