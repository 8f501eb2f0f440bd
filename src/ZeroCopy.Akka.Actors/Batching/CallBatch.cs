using Akka.Routing;
using ZeroCopy.Actors.Calls;

namespace ZeroCopy.Actors.Batching;

/// <summary>Calls that one actor runs as a joined call of the model.</summary>
/// <param name="Calls">The calls in the order in which they came.</param>
/// <param name="Kinds">What the codec said of each; all of one group.</param>
internal sealed record CallBatch(IReadOnlyList<InferenceCall> Calls, IReadOnlyList<BatchKind> Kinds) : IConsistentHashable
{
    private Action? _onEnd;

    /// <summary>Says what to do when no actor has the batch any more.</summary>
    public void OnEnd(Action action) => _onEnd = action;

    /// <summary>Its actor has run it, or nobody will. Idempotent.</summary>
    public void End() => Interlocked.Exchange(ref _onEnd, null)?.Invoke();

    // The batcher joins only calls of an equal hash key.
    public object ConsistentHashKey => Calls[0].ConsistentHashKey;
}
