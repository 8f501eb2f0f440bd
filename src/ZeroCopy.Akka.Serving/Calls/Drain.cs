using Microsoft.Extensions.Hosting;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Calls;

/// <summary>The end of the time that calls get when the application stops.</summary>
internal sealed class Drain
{
    private readonly CancellationTokenSource _over;

    public Drain(IHostApplicationLifetime lifetime, ServingOptions options, TimeProvider clock)
    {
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        Begun = lifetime.ApplicationStopping;
        lifetime.ApplicationStopping.Register(() => _over.CancelAfter(options.DrainTimeout));
    }

    /// <summary>Cancelled when the application begins to stop.</summary>
    public CancellationToken Begun { get; }

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Over => _over.Token;
}
