using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clocks;

namespace ZeroCopy.Actors.Batching;

/// <summary>
/// The rules of one group of requests: what joins, and when it is due. Times are timestamps of the clock. Not thread-safe.
/// </summary>
internal sealed class BatchAssembler(BatchingSettings settings, TimeProvider clock)
{
    private readonly List<InferenceCall> _calls = [];
    private readonly List<BatchKind> _kinds = [];
    private int _rows;

    /// <summary>When the batch has to be sent at the latest; meaningless while it is empty.</summary>
    public long DueAt { get; private set; }

    public bool IsEmpty => _calls.Count == 0;

    public bool IsFull => _rows >= settings.MaxRows;

    /// <summary>Whether a request of so many rows still fits; one that is larger than a batch has one of its own.</summary>
    public bool Fits(int rows) => IsEmpty || _rows + rows <= settings.MaxRows;

    public void Add(InferenceCall call, BatchKind kind)
    {
        var now = clock.GetTimestamp();
        var due = clock.After(now, settings.MaxDelay);
        if (call.Deadline is { } deadline)
        {
            due = Math.Min(due, Math.Max(now, clock.After(call.StartedAt, deadline - settings.DeadlineMargin)));
        }

        DueAt = IsEmpty ? due : Math.Min(DueAt, due);
        _calls.Add(call);
        _kinds.Add(kind);
        _rows += kind.Rows;
    }

    /// <summary>The batch so far, without calls that were answered meanwhile (those are retired); null where none is left.</summary>
    public CallBatch? Take()
    {
        var calls = new List<InferenceCall>(_calls.Count);
        var kinds = new List<BatchKind>(_calls.Count);
        for (var i = 0; i < _calls.Count; i++)
        {
            if (_calls[i].IsAnswered)
            {
                _calls[i].Retire();
                continue;
            }

            calls.Add(_calls[i]);
            kinds.Add(_kinds[i]);
        }

        _calls.Clear();
        _kinds.Clear();
        _rows = 0;
        return calls.Count == 0 ? null : new CallBatch(calls, kinds);
    }
}
