using System.Reflection;

namespace ZeroCopy.Torch.Cloning;

/// <summary>How objects of one type are cloned.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Fields">The fields to walk.</param>
/// <param name="Refill">For containers by hash: fills a new one with clones.</param>
/// <param name="Reason">Why it is refused.</param>
internal sealed record ClonePlan(
    CloneKind Kind, FieldInfo[] Fields, Func<object, CloneSession, object>? Refill = null, string? Reason = null);
