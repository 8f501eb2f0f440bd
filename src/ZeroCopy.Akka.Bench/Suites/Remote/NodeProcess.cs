using System.Globalization;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>A node of a cluster in a process of its own. Its disposal ends it.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    /// <summary>Name of the actor system, which all nodes of a cluster have.</summary>
    public const string System = "zerocopy";

    /// <summary>Bytes of remoting's frames, as Akka has them by default.</summary>
    public const int DefaultFrame = 128_000;

    private NodeProcess(WorkerProcess process, string address) => (Process, Address) = (process, address);

    public WorkerProcess Process { get; }

    /// <summary>Such as <c>akka.tcp://zerocopy@127.0.0.1:4053</c>.</summary>
    public string Address { get; }

    /// <summary>Starts a node on any free port, and waits until it is a member.</summary>
    /// <param name="folder">Where its store is.</param>
    /// <param name="hocon">Its configuration.</param>
    /// <param name="put">Puts its models; taken before it joins.</param>
    /// <param name="seed">Address of the node that it joins; null for a cluster of its own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<NodeProcess> StartAsync(
        string folder, string hocon, WorkerStep put, string? seed, CancellationToken cancellationToken)
    {
        var process = WorkerProcess.Start();
        try
        {
            await process.AskAsync(WorkerNode.Open.With(folder, hocon), cancellationToken).ConfigureAwait(false);
            await process.AskAsync(put, cancellationToken).ConfigureAwait(false);
            var join = WorkerNode.Join.With(seed is null ? [] : [seed]);
            return new NodeProcess(process, await process.AskAsync(join, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A configuration of Akka alone.</summary>
    /// <param name="provider">cluster for a node, remote for a client.</param>
    /// <param name="frame">Bytes of remoting's frames.</param>
    public static string Hocon(string provider, int frame = DefaultFrame) => string.Create(CultureInfo.InvariantCulture, $$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = {{provider}}
          cluster.roles = [inference]
          remote.dot-netty.tcp {
            hostname = "127.0.0.1", port = 0
            maximum-frame-size = {{frame}}b, send-buffer-size = {{2 * frame}}b, receive-buffer-size = {{2 * frame}}b
          }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }

        """);

    public async ValueTask DisposeAsync()
    {
        await Process.AskAsync(WorkerNode.End.With(), CancellationToken.None).ConfigureAwait(false);
        await Process.DisposeAsync().ConfigureAwait(false);
    }
}
