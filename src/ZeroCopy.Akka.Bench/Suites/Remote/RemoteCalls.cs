using Akka.Actor;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>A node in a process of its own, and a client of it in this one.</summary>
internal sealed class RemoteCalls : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _directory;
    private readonly NodeProcess _node;
    private readonly OutsideClient _outside;
    private readonly ActorSelection _echo;

    private RemoteCalls(ScratchDirectory directory, NodeProcess node, OutsideClient outside)
    {
        (_directory, _node, _outside) = (directory, node, outside);
        _echo = outside.System.ActorSelection($"{node.Address}/user/{EchoActor.Name}");
    }

    /// <param name="frame">Bytes of remoting's frames on both sides.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RemoteCalls> StartAsync(int frame, CancellationToken cancellationToken)
    {
        var directory = new ScratchDirectory("bench");
        NodeProcess? node = null;
        try
        {
            node = await NodeProcess.StartAsync(
                directory.Root, NodeProcess.Hocon("cluster", frame) + "zerocopy.inference.refresh-interval = 50ms", EchoModels.Put.With(),
                null, cancellationToken).ConfigureAwait(false);
            var outside = await OutsideClient.ConnectAsync([node.Address], frame, cancellationToken).ConfigureAwait(false);
            return new RemoteCalls(directory, node, outside);
        }
        catch
        {
            await EndAsync(directory, node).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Calls of a model with one tensor.</summary>
    public async Task<Func<Task>> ModelAsync(string model, float[] values, long[] shape, CancellationToken cancellationToken)
    {
        var endpoint = await KnownModel.FindAsync(_outside.Client, model, cancellationToken).ConfigureAwait(false);
        NamedTensor[] inputs = [new("argument_1", HostTensor.From<float>(DType.Float32, values, shape))];
        return async () => (await endpoint.CallAsync("", inputs, null, cancellationToken).ConfigureAwait(false)).Dispose();
    }

    /// <summary>An ask of the echo.</summary>
    public Func<Task> Echo(int bytes)
    {
        var body = new byte[bytes];
        return () => _echo.Ask<byte[]>(body, Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await _outside.DisposeAsync().ConfigureAwait(false);
        await EndAsync(_directory, _node).ConfigureAwait(false);
    }

    private static async ValueTask EndAsync(ScratchDirectory directory, NodeProcess? node)
    {
        if (node is not null)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }

        directory.Dispose();
    }
}
