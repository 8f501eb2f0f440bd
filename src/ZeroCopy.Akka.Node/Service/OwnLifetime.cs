using Microsoft.Extensions.Hosting;

namespace ZeroCopy.Node.Service;

/// <summary>The command line takes the signals, so that a second one ends the process; the host waits for neither.</summary>
internal sealed class OwnLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
