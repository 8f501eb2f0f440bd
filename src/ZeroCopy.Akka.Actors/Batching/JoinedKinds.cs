using System.Collections.Concurrent;

namespace ZeroCopy.Actors.Batching;

/// <summary>
/// What a pool knows of joining: for each kind of request, whether the model's answer to a joined call was seen to be the answers to the
/// single calls. Thread-safe; all actors of a pool share it.
/// </summary>
/// <remarks>
/// An answer that has as many rows as the joined request need not have one for each row of it: the hidden state of an LSTM has its layers
/// there. So nothing is believed that was not compared once, and none of more rows than were, for a model may do otherwise from some number
/// of rows on. Requests that are all the same prove less, for their answers may change places unseen: they are believed for such requests
/// only.
/// </remarks>
internal sealed class JoinedKinds(bool verify)
{
    /// <summary>Kinds come from callers: with more than this many, all are forgotten and compared again.</summary>
    private const int Most = 1024;

    private readonly ConcurrentDictionary<object, (JoinTrust Trust, int Rows)> _kinds = new();
    private int _refused;

    /// <summary>Whether requests of a kind run alone.</summary>
    public bool IsRefused(object kind) => verify && _kinds.GetValueOrDefault(kind).Trust == JoinTrust.Refused;

    /// <summary>How far a joined call of a kind is believed that has so many rows.</summary>
    public JoinTrust Of(object kind, int rows) =>
        !verify ? JoinTrust.Full : _kinds.TryGetValue(kind, out var known) && rows <= known.Rows ? known.Trust : JoinTrust.None;

    /// <summary>Notes that joined answers of so many rows were those of single calls. A kind that was refused stays so.</summary>
    public void Believe(object kind, JoinTrust trust, int rows)
    {
        Forget();
        _kinds.AddOrUpdate(
            kind,
            (trust, rows),
            (_, known) => known.Trust > trust ? known : known.Trust == trust ? (trust, Math.Max(rows, known.Rows)) : (trust, rows));
    }

    /// <summary>Notes that they were not: requests of this kind run alone from now on. True for the first kind of the pool.</summary>
    public bool Refuse(object kind)
    {
        Forget();
        _kinds[kind] = (JoinTrust.Refused, int.MaxValue);
        return Interlocked.Exchange(ref _refused, 1) == 0;
    }

    private void Forget()
    {
        if (_kinds.Count >= Most)
        {
            _kinds.Clear();
        }
    }
}
