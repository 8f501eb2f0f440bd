using Microsoft.Extensions.Hosting;
using ZeroCopy.Clocks;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Calls;

/// <summary>The end of the time that calls get when the application stops.</summary>
internal sealed class Drain
{
    private readonly CancellationTokenSource _closed;
    private readonly CancellationTokenSource _over;

    public Drain(IHostApplicationLifetime lifetime, ServingOptions options, TimeProvider clock)
    {
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _closed = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        lifetime.ApplicationStopping.Register(() =>
        {
            _closed.CancelAfter(options.DrainDelay);
            _over.CancelAfter(Durations.TimerOf(options.DrainTimeout));
        });
    }

    /// <summary>Cancelled when no further call is taken.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Over => _over.Token;
}
