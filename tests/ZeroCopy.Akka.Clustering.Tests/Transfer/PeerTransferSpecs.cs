using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Blocks;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Transfer;

/// <summary>Nodes that receive one model at the same time.</summary>
[Collection(nameof(MappedMemory))]
public sealed class PeerTransferSpecs : IDisposable
{
    private const int Blocks = 24;
    private const int BlockBytes = 50_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Uri Gone = new("http://127.0.0.1:1/");

    private readonly LeakCheck _leaks = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ObjectStore _source;
    private readonly ObjectStore _one;
    private readonly ObjectStore _other;

    public PeerTransferSpecs() => (_source, _one, _other) = (Open("source"), Open("one"), Open("other"));

    public void Dispose()
    {
        _client.Dispose();
        _other.Dispose();
        _one.Dispose();
        _source.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }

    [Fact]
    public async Task ModelTransfer_should_get_blocks_from_another_receiver_before_it_has_them_all()
    {
        var model = await PutAsync();
        var (halfSent, askedPeer) = (New(), New());
        await using var one = await SourceNode.StartAsync(_one, (context, _, next) =>
        {
            askedPeer.TrySetResult();
            return next(context);
        });
        var fromOne = 0;

        // It sends one receiver a half, and nothing more to either before the other one has asked the first.
        await using var source = await SourceNode.StartAsync(_source, async (context, _, next) =>
        {
            if (context.Request.Headers[Receivers.Own] != one.Address.ToString())
            {
                await askedPeer.Task.WaitAsync(context.RequestAborted);
            }
            else if (Interlocked.Increment(ref fromOne) > Blocks / 2)
            {
                halfSent.TrySetResult();
                await askedPeer.Task.WaitAsync(context.RequestAborted);
            }

            await next(context);
        });
        var first = Transfer(_one, one.Address).ReceiveAsync(model.Id, [source.Address]);
        await halfSent.Task.WaitAsync(Patience);

        await Transfer(_other, null).ReceiveAsync(model.Id, [source.Address]).WaitAsync(Patience);

        await first.WaitAsync(Patience);
        Assert.Empty((await _other.VerifyAsync()).Damaged);
        Assert.True(one.BlockRequests > 0);
    }

    [Fact]
    public async Task ModelTransfer_should_go_on_without_a_receiver_that_is_gone()
    {
        var model = await PutAsync();
        var refused = New();
        await using var source = await SourceNode.StartAsync(_source, async (context, _, next) =>
        {
            await refused.Task.WaitAsync(context.RequestAborted);
            await next(context);
        });
        await AskAsync(source, model, Gone);
        var dropped = new List<Uri>();
        using var client = new HttpClient(new RefusalWatch(refused));
        var options = new TransferOptions { Attempts = 1, StallTimeout = Patience, Dropped = (node, _) => dropped.Add(node) };

        await new ModelTransfer(_one, client, options).ReceiveAsync(model.Id, [source.Address]).WaitAsync(Patience);

        Assert.Empty((await _one.VerifyAsync()).Damaged);
        Assert.Empty(dropped);
    }

    [Fact]
    public async Task ModelTransfer_should_fail_when_no_source_is_left_and_other_receivers_have_nothing()
    {
        var model = await PutAsync();
        using var cancellation = new CancellationTokenSource();
        var asked = New();
        await using var mute = await SourceNode.StartAsync(_source, (context, _, _) =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var one = await SourceNode.StartAsync(_one);
        var stuck = Transfer(_one, one.Address).ReceiveAsync(model.Id, [mute.Address], cancellationToken: cancellation.Token);
        await asked.Task.WaitAsync(Patience);
        await using var failing = await SourceNode.StartAsync(_source, (context, _, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        await AskAsync(failing, model, one.Address);

        await Assert.ThrowsAsync<TransferException>(
            () => Transfer(_other, null, options => options with { StallTimeout = TimeSpan.FromSeconds(1) })
                .ReceiveAsync(model.Id, [failing.Address]).WaitAsync(Patience));

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
    }

    [Fact]
    public void Receivers_should_tell_each_of_the_others_that_asked_for_its_model_a_moment_ago()
    {
        var clock = new FakeTimeProvider();
        var receivers = new Receivers(clock);
        var (model, other) = (ModelId.Of([1]), ModelId.Of([2]));
        var (a, b, c) = (new Uri("http://a:1"), new Uri("http://b:1"), new Uri("http://c:1"));

        Assert.Empty(receivers.Meet(model, a));
        Assert.Equal([a], receivers.Meet(model, b));
        Assert.Empty(receivers.Meet(other, c));
        Assert.Equal([a, b], receivers.Meet(model, null).Order(Comparer<Uri>.Create((x, y) => string.CompareOrdinal(x.Host, y.Host))));

        clock.Advance(TimeSpan.FromSeconds(20));
        receivers.Meet(model, b);
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal([b], receivers.Meet(model, null));
    }

    [Fact]
    public void Receivers_should_be_as_many_for_each_model_and_the_oldest_be_left_out_first()
    {
        var clock = new FakeTimeProvider();
        var receivers = new Receivers(clock);
        for (var node = 0; node < 65; node++)
        {
            receivers.Meet(ModelId.Of([1]), new Uri($"http://n{node}:1"));
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var met = receivers.Meet(ModelId.Of([1]), null);
        Assert.Equal((64, false, true), (met.Length, met.Contains(new Uri("http://n0:1")), met.Contains(new Uri("http://n64:1"))));

        receivers.Meet(ModelId.Of([2]), new Uri("http://a:1"));
        Assert.Equal([new Uri("http://a:1")], receivers.Meet(ModelId.Of([2]), new Uri("http://b:1")));
    }

    [Fact]
    public async Task TransferQueue_should_ask_a_source_last_for_what_another_receiver_has()
    {
        var model = await PutAsync();
        using var lease = _source.Acquire(model.Id, "spec");
        var blocks = new BlocksInHand(async writers =>
        {
            var queue = new TransferQueue(writers.Select(writer => new IncomingBlock(writer)), BlockBytes);
            Assert.Empty(queue.Take([BlockId.Of([9])]));
            var there = queue.Take([.. writers.SkipLast(1).Select(writer => writer.Id)]);
            Assert.Single(there);
            queue.Return(there);

            Assert.Equal(writers[^1].Id, Assert.Single(await queue.TakeAsync(CancellationToken.None)).Writer.Id);
            Assert.NotEqual(writers[^1].Id, Assert.Single(await queue.TakeAsync(CancellationToken.None)).Writer.Id);
            foreach (var writer in writers)
            {
                writer.Append(lease.Bytes(writer.Id));
                writer.TryComplete();
            }
        });

        await _one.ReceiveAsync(lease.ToOffer(), blocks);
    }

    [Fact]
    public async Task BlockMap_should_say_which_blocks_are_there()
    {
        var model = await PutAsync();
        var manifest = _source.ReadManifest(model.Id);
        using var leased = new LeasedModel(_source.Acquire(model.Id, "spec"));

        Assert.Equal(manifest.Blocks.ToHashSet(), BlockMap.Read(BlockMap.Write(leased), manifest));
        Assert.Equal([manifest.Blocks[9]], BlockMap.Read([0, 2, 0], manifest));
        Assert.Null(BlockMap.Read([0, 2], manifest));
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // As a node that receives the model does.
    private async Task AskAsync(SourceNode source, ModelHandle model, Uri receiver)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(source.Address, $"{TransferRoutes.Root}{model.Id}"));
        request.Headers.Add(Receivers.Own, receiver.ToString());
        using var response = await _client.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    private Task<ModelHandle> PutAsync() => _source.PutAsync(new ModelContent
    {
        Tensors = [.. Enumerable.Range(1, Blocks).Select(seed => ArrayTensorSource.Random($"t{seed}", BlockBytes, seed))],
        Recipe = new Recipe.Weights("Test", ""),
    });

    private ModelTransfer Transfer(ObjectStore store, Uri? address, Func<TransferOptions, TransferOptions>? configure = null)
    {
        var options = new TransferOptions
        {
            Address = address,
            RequestBytes = BlockBytes,
            RequestsPerSource = 1,
            StallTimeout = Patience,
        };
        return new ModelTransfer(store, _client, configure is null ? options : configure(options));
    }

    private ObjectStore Open(string name) => ObjectStore.Open(
        new ObjectStoreOptions { Directory = _directory.File(name), CapacityBytes = 64 << 20, PutDeadline = TimeSpan.Zero });

    /// <summary>Tells when a node could not be reached.</summary>
    private sealed class RefusalWatch(TaskCompletionSource refused) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException)
            {
                refused.TrySetResult();
                throw;
            }
        }
    }

    private sealed class BlocksInHand(Func<IReadOnlyList<BlockWriter>, Task> write) : IBlockSource
    {
        public Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken) => write(blocks);
    }
}
