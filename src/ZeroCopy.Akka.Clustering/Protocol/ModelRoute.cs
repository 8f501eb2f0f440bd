using System.Collections.Immutable;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>
/// How a name is called: from its entity to those who follow it, again at each change. In several messages, one behind the other, where a
/// frame does not hold it.
/// </summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Current">The version of a call that names none; null where it has none.</param>
/// <param name="Next">The version of a share of those calls; null for none.</param>
/// <param name="Percent">That share, 0 to 100.</param>
/// <param name="Replicas">The nodes that can be called, at each version; none where nothing of that name is known.</param>
/// <param name="Problem">Why nothing can be called, where models of that name are held; null where something can.</param>
/// <param name="Part">Which of the messages it is, counted from 0.</param>
/// <param name="HasMore">Whether further replicas come in another message.</param>
public sealed record ModelRoute(
    string Name, int? Current, int? Next, int Percent, ImmutableArray<Replica> Replicas, string? Problem, int Part = 0,
    bool HasMore = false) : IPaged
{
    /// <summary>Whether another route says the same, replica by replica.</summary>
    public bool Equals(ModelRoute? other) => other is not null
        && (Name, Current, Next, Percent, Problem) == (other.Name, other.Current, other.Next, other.Percent, other.Problem)
        && (Part, HasMore) == (other.Part, other.HasMore)
        && Replicas.SequenceEqual(other.Replicas);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Current, Next, Percent, Replicas.Length);

    int? IPaged.Part => Part;

    IPaged IPaged.Behind(IPaged before) =>
        this with { Replicas = ((ModelRoute)before).Replicas.AddRange(Replicas), Part = HasMore ? Part : 0 };
}
