using System.Diagnostics;
using Akka.Actor;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>A node in a process of its own, and a client of it in this one.</summary>
internal sealed class RemoteCalls : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _directory;
    private readonly WorkerProcess _node;
    private readonly ActorSystem _system;
    private readonly ClusterClient _client;
    private readonly ActorSelection _echo;

    private RemoteCalls(ScratchDirectory directory, WorkerProcess node, ActorSystem system, ClusterClient client, string address)
    {
        (_directory, _node, _system, _client) = (directory, node, system, client);
        _echo = system.ActorSelection($"{address}/user/{EchoActor.Name}");
    }

    /// <param name="frame">Bytes of remoting's frames on both sides.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RemoteCalls> StartAsync(int frame, CancellationToken cancellationToken)
    {
        var (directory, node) = (new ScratchDirectory("bench"), WorkerProcess.Start());
        var system = ActorSystem.Create("bench", BenchNode.Hocon("remote", frame));
        try
        {
            var start = BenchNode.Verbs[0].With(directory.Path("."), $"{frame}");
            var address = await node.AskAsync(start, cancellationToken).ConfigureAwait(false);
            var client = await ClusterClient.ConnectAsync(system, [address], cancellationToken: cancellationToken).ConfigureAwait(false);
            return new RemoteCalls(directory, node, system, client, address);
        }
        catch
        {
            await system.Terminate().ConfigureAwait(false);
            await node.DisposeAsync().ConfigureAwait(false);
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Calls of a model with one tensor.</summary>
    public async Task<Func<Task>> ModelAsync(string model, float[] values, long[] shape, CancellationToken cancellationToken)
    {
        var endpoint = await KnownModel.FindAsync(_client, model, cancellationToken).ConfigureAwait(false);
        NamedTensor[] inputs = [new("argument_1", HostTensor.From<float>(DType.Float32, values, shape))];
        return async () => (await endpoint.CallAsync("", inputs, null, cancellationToken).ConfigureAwait(false)).Dispose();
    }

    /// <summary>An ask of the echo.</summary>
    public Func<Task> Echo(int bytes)
    {
        var body = new byte[bytes];
        return () => _echo.Ask<byte[]>(body, Limit);
    }

    /// <summary>Calls a second, so many at a time.</summary>
    public static async Task<double> RateAsync(Func<Task> call, int calls, int concurrency)
    {
        var next = 0;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= calls)
            {
                await call().ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        return calls / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Median time of a call in microseconds, one after the other.</summary>
    public static async Task<double> MedianAsync(Func<Task> call, int calls)
    {
        var times = new double[calls];
        for (var index = 0; index < calls; index++)
        {
            var start = Stopwatch.GetTimestamp();
            await call().ConfigureAwait(false);
            times[index] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return new Samples(times).Median;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _system.Terminate().ConfigureAwait(false);
        await _node.AskAsync(BenchNode.Verbs[1].With(), CancellationToken.None).ConfigureAwait(false);
        await _node.DisposeAsync().ConfigureAwait(false);
        _directory.Dispose();
    }
}
