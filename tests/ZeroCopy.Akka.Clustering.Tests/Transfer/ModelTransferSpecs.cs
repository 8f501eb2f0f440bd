using Microsoft.AspNetCore.Http;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Transfer;

[Collection(nameof(MappedMemory))]
public sealed class ModelTransferSpecs : IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ObjectStore _theirs;
    private readonly ObjectStore _ours;

    public ModelTransferSpecs() => (_theirs, _ours) = (Open("theirs"), Open("ours"));

    public void Dispose()
    {
        _client.Dispose();
        _ours.Dispose();
        _theirs.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }

    [Fact]
    public async Task ModelTransfer_should_bring_a_model_as_it_is()
    {
        var model = await PutAsync(_theirs, (1, 3_000_000), (2, 0), (3, 700), (4, 64));
        await using var node = await SourceNode.StartAsync(_theirs);

        var received = await Transfer().ReceiveAsync(model.Id, [node.Address], new PutOptions { Name = new ModelName("moved") });

        Assert.Equal((model.Id, model.Bytes, model.Bytes), (received.Model.Id, received.Model.Bytes, received.MovedBytes));
        Assert.Equal(new ModelName("moved", 1), received.Model.Name);
        Assert.Empty((await _ours.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ModelTransfer_should_move_nothing_that_is_here()
    {
        await PutAsync(_ours, (1, 3_000_000), (9, 10));
        var model = await PutAsync(_theirs, (1, 3_000_000), (2, 700));
        await using var node = await SourceNode.StartAsync(_theirs);

        Assert.Equal(700, (await Transfer().ReceiveAsync(model.Id, [node.Address])).MovedBytes);
        Assert.Equal(0, (await Transfer().ReceiveAsync(model.Id, [node.Address])).MovedBytes);
        Assert.Equal(1, node.BlockRequests);
    }

    [Fact]
    public async Task ModelTransfer_should_take_blocks_from_every_node()
    {
        var model = await PutAsync(_theirs, [.. Enumerable.Range(1, 40).Select(seed => (seed, 50_000))]);
        var (oneAsked, otherAsked) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var one = await SourceNode.StartAsync(_theirs, (context, _, next) => WhenAsync(oneAsked, otherAsked, context, next));
        await using var other = await SourceNode.StartAsync(_theirs, (context, _, next) => WhenAsync(otherAsked, oneAsked, context, next));
        var options = new TransferOptions { RequestBytes = 50_000, RequestsPerSource = 1 };

        await Transfer(options).ReceiveAsync(model.Id, [one.Address, other.Address]);

        Assert.Empty((await _ours.VerifyAsync()).Damaged);

        // Neither answers before both were asked.
        static async Task WhenAsync(TaskCompletionSource asked, TaskCompletionSource other, HttpContext context, RequestDelegate next)
        {
            asked.TrySetResult();
            await other.Task.WaitAsync(context.RequestAborted);
            await next(context);
        }
    }

    [Fact]
    public async Task ModelTransfer_should_go_on_from_where_a_node_broke_off()
    {
        var model = await PutAsync(_theirs, (1, 4_000_000));
        var offsets = new List<long>();
        await using var node = await SourceNode.StartAsync(_theirs, async (context, number, next) =>
        {
            context.Request.EnableBuffering();
            var asked = new byte[BlockRange.Size];
            await context.Request.Body.ReadExactlyAsync(asked);
            context.Request.Body.Position = 0;
            offsets.Add(BlockRange.Read(asked)[0].Offset);
            if (number == 1)
            {
                context.Response.Body = new BreakingStream(context, 2_500_000);
            }

            await next(context);
        });

        var received = await Transfer().ReceiveAsync(model.Id, [node.Address]);

        Assert.Equal(4_000_000, received.MovedBytes);
        Assert.Equal(0, offsets[0]);
        Assert.InRange(offsets[1], 1, 2_500_000);
        Assert.Empty((await _ours.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ModelTransfer_should_drop_a_node_that_sends_other_bytes()
    {
        var model = await PutAsync(_theirs, (1, 5000), (2, 5000));
        await using var liar = await SourceNode.StartAsync(_theirs, LieAsync);
        await using var honest = await SourceNode.StartAsync(_theirs);

        await Transfer().ReceiveAsync(model.Id, [liar.Address, honest.Address]);

        Assert.Empty((await _ours.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ModelTransfer_should_publish_nothing_and_name_the_node_that_sends_other_bytes()
    {
        var model = await PutAsync(_theirs, (1, 5000));
        await using var liar = await SourceNode.StartAsync(_theirs, LieAsync);

        var failure = await Assert.ThrowsAsync<TransferException>(() => Transfer().ReceiveAsync(model.Id, [liar.Address]));

        Assert.Contains($"{liar.Address} sent other bytes than those of block", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_ours.List());
    }

    [Fact]
    public async Task ModelTransfer_should_say_what_each_node_did_when_none_has_the_model()
    {
        await using var node = await SourceNode.StartAsync(_theirs);
        var gone = new Uri("http://127.0.0.1:1");

        var failure = await Assert.ThrowsAsync<TransferException>(
            () => Transfer().ReceiveAsync(ModelId.Of([1]), [node.Address, gone]));

        Assert.Contains($"{node.Address} answered 404: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{gone} failed: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelTransfer_should_leave_a_node_that_sends_nothing()
    {
        var model = await PutAsync(_theirs, (1, 5000));
        await using var mute = await SourceNode.StartAsync(
            _theirs, (context, _, _) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var options = new TransferOptions { StallTimeout = TimeSpan.FromMilliseconds(1), Attempts = 1 };

        var failure = await Assert.ThrowsAsync<TransferException>(() => Transfer(options).ReceiveAsync(model.Id, [mute.Address]));

        Assert.Contains("sent nothing for 1 ms", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelTransfer_should_let_nodes_send_nothing_for_a_limit_of_any_length()
    {
        await using var node = await SourceNode.StartAsync(_theirs);
        foreach (var (seed, limit) in new[] { Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(60) }.Index())
        {
            var model = await PutAsync(_theirs, (seed, 5000));

            var transfer = Transfer(new TransferOptions { StallTimeout = limit, Attempts = 1 });
            var received = await transfer.ReceiveAsync(model.Id, [node.Address]);

            Assert.Equal(model.Id, received.Model.Id);
        }
    }

    [Fact]
    public async Task ModelTransfer_should_end_when_its_caller_gives_up()
    {
        var model = await PutAsync(_theirs, (1, 5000));
        using var cancellation = new CancellationTokenSource();
        await using var mute = await SourceNode.StartAsync(_theirs, async (context, _, _) =>
        {
            await cancellation.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Transfer().ReceiveAsync(model.Id, [mute.Address], cancellationToken: cancellation.Token));

        Assert.Empty(_ours.List());
    }

    [Fact]
    public async Task ModelTransfer_should_be_refused_where_there_is_no_room()
    {
        var model = await PutAsync(_theirs, (1, 50_000));
        using var small = Open("small", 4096);
        await using var node = await SourceNode.StartAsync(_theirs);

        await Assert.ThrowsAsync<StoreFullException>(() => new ModelTransfer(small, _client).ReceiveAsync(model.Id, [node.Address]));

        Assert.Equal(0, node.BlockRequests);
    }

    [Fact]
    public async Task ModelTransfer_should_not_hold_the_model_at_its_source_when_it_has_ended()
    {
        var model = await PutAsync(_theirs, (1, 5000));
        await using (var node = await SourceNode.StartAsync(_theirs))
        {
            await Transfer().ReceiveAsync(model.Id, [node.Address]);
        }

        _theirs.Remove(model.Id);
    }

    [Theory]
    [InlineData("nothing", 404)]
    [InlineData("transfer/1/models/abc", 400)]
    public async Task TransferRoutes_should_refuse_what_is_no_model(string path, int status)
    {
        await using var node = await SourceNode.StartAsync(_theirs);

        using var response = await _client.GetAsync(new Uri(node.Address, path));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task TransferRoutes_should_send_no_block_of_another_model()
    {
        var (model, other) = (await PutAsync(_theirs, (1, 500)), await PutAsync(_theirs, (2, 500)));
        await using var node = await SourceNode.StartAsync(_theirs);
        var foreign = _theirs.ReadManifest(other.Id).Blocks[0];
        var own = _theirs.ReadManifest(model.Id).Blocks[0];

        Assert.Equal(400, await AskAsync(BlockRange.Write([new BlockRange(foreign, 0)])));
        Assert.Equal(400, await AskAsync(BlockRange.Write([new BlockRange(own, 501)])));
        Assert.Equal(400, await AskAsync(BlockRange.Write([new BlockRange(own, -1)])));
        Assert.Equal(400, await AskAsync([]));
        Assert.Equal(400, await AskAsync(new byte[7]));
        Assert.Equal(413, await AskAsync(new byte[(BlockRange.MostInRequest + 1) * BlockRange.Size]));
        Assert.Equal(200, await AskAsync(BlockRange.Write([new BlockRange(own, 500)])));

        async Task<int> AskAsync(byte[] body)
        {
            using var response = await _client.PostAsync(
                new Uri(node.Address, $"transfer/1/models/{model.Id}/blocks"), new ByteArrayContent(body));
            return (int)response.StatusCode;
        }
    }

    private static async Task LieAsync(HttpContext context, int number, RequestDelegate next)
    {
        var body = context.Response.Body;
        context.Response.Body = Stream.Null;
        await next(context);
        context.Response.Body = body;
        await context.Response.Body.WriteAsync(new byte[context.Response.ContentLength!.Value]);
    }

    private static Task<ModelHandle> PutAsync(ObjectStore store, params (int Seed, int Bytes)[] tensors) => store.PutAsync(new ModelContent
    {
        Tensors = [.. tensors.Select(tensor => ArrayTensorSource.Random($"t{tensor.Seed}", tensor.Bytes, tensor.Seed))],
        Recipe = new Recipe.Weights("Test", ""),
    });

    private ModelTransfer Transfer(TransferOptions? options = null) => new(_ours, _client, options);

    private ObjectStore Open(string name, long capacity = 64 << 20) => ObjectStore.Open(
        new ObjectStoreOptions { Directory = _directory.File(name), CapacityBytes = capacity, PutDeadline = TimeSpan.Zero });
}
