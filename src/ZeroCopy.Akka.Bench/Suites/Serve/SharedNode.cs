using System.Text.Json;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>
/// Twelve models in the store of one node, which a client outside of the cluster calls: pools of actors, with micro-batches.
/// </summary>
internal sealed class SharedNode : IMessageService
{
    private readonly NodeProcess _node;
    private readonly OutsideClient _outside;
    private readonly NamedTensor[] _message;
    private readonly CallOptions _options;
    private IModelEndpoint[] _models = [];

    private SharedNode(NodeProcess node, OutsideClient outside, ServeSizes sizes)
    {
        (_node, _outside) = (node, outside);
        var tokens = new long[sizes.Tokens];
        Array.Fill(tokens, 1);
        _message = [new NamedTensor("input_ids", HostTensor.From<long>(DType.Int64, tokens, 1, sizes.Tokens))];
        _options = new CallOptions { Deadline = sizes.TimeOutSeconds * sizes.Second };
    }

    /// <summary>CONFIGURATION: puts the models into the store of a node, and leaves them as files in its folder.</summary>
    public static WorkerVerb Put { get; } = new("twelve-put", async (worker, arguments, cancellationToken) =>
    {
        var node = WorkerNode.Of(worker);
        var configuration = JsonSerializer.Deserialize<BertConfiguration>(arguments[0])!;
        await TwelveModels.PutAsync(
            node.Host, configuration, (checkpoint, module) => module.save(File(node.Folder, checkpoint)), cancellationToken)
            .ConfigureAwait(false);
        return "";
    });

    /// <summary>File of a checkpoint, which the node leaves behind.</summary>
    public static string File(string folder, int checkpoint) => Path.Combine(folder, $"{checkpoint}.dat");

    /// <param name="folder">Where its store is, and the models as files.</param>
    /// <param name="sizes">What it serves.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SharedNode> StartAsync(string folder, ServeSizes sizes, CancellationToken cancellationToken)
    {
        var hocon = NodeProcess.Hocon("cluster") + "zerocopy.inference.pool-defaults.batching.enabled = on";
        var put = Put.With(JsonSerializer.Serialize(sizes.Model));
        var node = await NodeProcess.StartAsync(folder, hocon, put, null, cancellationToken).ConfigureAwait(false);
        OutsideClient? outside = null;
        try
        {
            outside = await OutsideClient.ConnectAsync([node.Address], NodeProcess.DefaultFrame, cancellationToken).ConfigureAwait(false);
            var shared = new SharedNode(node, outside, sizes);
            await shared.FindAsync(cancellationToken).ConfigureAwait(false);
            return shared;
        }
        catch
        {
            if (outside is not null)
            {
                await outside.DisposeAsync().ConfigureAwait(false);
            }

            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task AnswerAsync(int model, CancellationToken cancellationToken) =>
        (await _models[model].CallAsync("", _message, _options, cancellationToken).ConfigureAwait(false)).Dispose();

    public async ValueTask DisposeAsync()
    {
        await _outside.DisposeAsync().ConfigureAwait(false);
        await _node.DisposeAsync().ConfigureAwait(false);
    }

    private async Task FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<IModelEndpoint>();
        foreach (var name in TwelveModels.Names)
        {
            found.Add(await KnownModel.FindAsync(_outside.Client, name, cancellationToken).ConfigureAwait(false));
        }

        _models = [.. found];
    }
}
