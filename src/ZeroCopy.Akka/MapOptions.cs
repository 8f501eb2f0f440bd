
namespace ZeroCopy;

/// <summary>How a sequence is mapped through a pool.</summary>
public record MapOptions
{
    /// <summary>
    /// Most inputs that are read and not answered yet, at least 1; null for twice the most actors that there may be, so that none waits
    /// for its next one.
    /// </summary>
    public int? Prefetch { get; init; }

    /// <summary>Time from call to answer of each input or batch; null for the pool's setting.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>
    /// Who disposes the tensors of the inputs: the caller, who keeps them valid until their answers are there, or each call at its end.
    /// </summary>
    public ArgumentOwnership Ownership { get; init; }

    /// <summary>Gets the number of inputs (of a map of batches: rows) that are answered so far, in their order.</summary>
    public IProgress<long>? Progress { get; init; }

    internal CallOptions Call => new() { Deadline = Deadline, Ownership = Ownership };
}
