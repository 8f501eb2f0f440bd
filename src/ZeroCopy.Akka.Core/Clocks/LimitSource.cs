namespace ZeroCopy.Clocks;

/// <summary>A token that is cancelled when a limit has passed.</summary>
internal sealed class LimitSource : IDisposable
{
    // Never disposed: it holds nothing, and the alarm may ring while this is let go of.
    private readonly CancellationTokenSource _source = new();
    private readonly Alarm _alarm;

    public LimitSource(TimeSpan limit, TimeProvider clock) =>
        _alarm = new Alarm(clock, limit, static source => ((CancellationTokenSource)source!).Cancel(), _source);

    public CancellationToken Token => _source.Token;

    public void Dispose() => _alarm.Dispose();
}
