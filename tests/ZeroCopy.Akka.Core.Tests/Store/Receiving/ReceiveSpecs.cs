using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store.Receiving;

public sealed class ReceiveSpecs : StoreFixture
{
    private const int Bytes = 1 << 20;

    private readonly TemporaryDirectory _elsewhere = new();
    private readonly ObjectStore _other;

    public ReceiveSpecs() => _other = ObjectStore.Open(new ObjectStoreOptions { Directory = _elsewhere.Path, CapacityBytes = 64 << 20 });

    public override void Dispose()
    {
        _other.Dispose();
        _elsewhere.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task ObjectStore_should_receive_a_model_as_it_is()
    {
        using var lease = await OfferAsync(
            ArrayTensorSource.Random("a", 5000, 1), ArrayTensorSource.Random("b", 0, 2), ArrayTensorSource.Random("c", 300, 3));

        var received = await Store.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease), new PutOptions { Name = new ModelName("moved") });

        Assert.Equal(lease.Handle with { Name = new ModelName("moved", 1) }, received.Model);
        Assert.Equal(5300, received.MovedBytes);
        using var here = Store.Acquire(received.Model.Id, "spec");
        Assert.All(lease.Manifest.Blocks, block => Assert.Equal(lease.Bytes(block), here.Bytes(block)));
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ObjectStore_should_ask_for_what_it_lacks_alone()
    {
        await Store.PutAsync(Content(ArrayTensorSource.Random("a", 5000, 1)));
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1), ArrayTensorSource.Random("b", 700, 2));
        var blocks = new LeasedBlocks(lease);

        var received = await Store.ReceiveAsync(lease.ToOffer(), blocks);

        Assert.Equal(700, received.MovedBytes);
        Assert.Equal([lease.Manifest.Tensors[1].Block], blocks.Asked);
    }

    [Fact]
    public async Task ObjectStore_should_not_ask_for_a_model_that_it_holds()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        await Store.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease));
        var blocks = new LeasedBlocks(lease);

        var received = await Store.ReceiveAsync(lease.ToOffer(), blocks, new PutOptions { Name = new ModelName("again") });

        Assert.Equal(0, received.MovedBytes);
        Assert.Empty(blocks.Asked);
        Assert.Equal(new ModelName("again", 1), received.Model.Name);
    }

    [Fact]
    public async Task ObjectStore_should_take_a_block_anew_whose_bytes_were_others()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        var blocks = new LeasedBlocks(lease) { Change = (_, attempt, bytes) => attempt == 1 ? new byte[bytes.Length] : bytes };

        var received = await Store.ReceiveAsync(lease.ToOffer(), blocks);

        using var here = Store.Acquire(received.Model.Id, "spec");
        Assert.Equal(lease.Bytes(lease.Manifest.Blocks[0]), here.Bytes(lease.Manifest.Blocks[0]));
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(4999)]
    public async Task ObjectStore_should_publish_nothing_when_a_block_does_not_arrive_whole(int sent)
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1), ArrayTensorSource.Random("b", 10, 2));
        var blocks = new LeasedBlocks(lease) { Change = (_, attempt, bytes) => attempt == 1 ? new byte[Math.Min(sent, bytes.Length)] : [] };

        var failure = await Assert.ThrowsAsync<InvalidModelException>(() => Store.ReceiveAsync(lease.ToOffer(), blocks));

        Assert.Contains("was not received", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Store.List());
        Assert.Empty(Files("segments"));
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task ObjectStore_should_leave_nothing_when_a_receive_is_cancelled()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        using var cancellation = new CancellationTokenSource();
        var blocks = new LeasedBlocks(lease) { Before = cancellation.CancelAsync };

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => Store.ReceiveAsync(lease.ToOffer(), blocks, cancellationToken: cancellation.Token));

        Assert.Empty(Store.List());
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task ObjectStore_should_refuse_to_receive_what_it_has_no_room_for()
    {
        using var small = Open(options => options with { CapacityBytes = 4096, PutDeadline = TimeSpan.Zero });
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 50_000, 1));

        await Assert.ThrowsAsync<StoreFullException>(() => small.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease)));
    }

    [Fact]
    public async Task ObjectStore_should_leave_one_copy_when_two_processes_receive_the_same_model()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        using var other = Open();
        var blocks = new LeasedBlocks(lease) { Before = () => other.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease)) };

        await Store.ReceiveAsync(lease.ToOffer(), blocks);

        Assert.Single(Files("segments"));
        Assert.Single(Store.List());
    }

    [Fact]
    public async Task ObjectStore_should_receive_a_model_once_that_is_sent_twice_and_take_room_for_one()
    {
        using var small = Open(options => options with { CapacityBytes = 9000, PutDeadline = TimeSpan.Zero });
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = small.ReceiveAsync(lease.ToOffer(), Held(lease, entered, gate.Task));
        await entered.Task;
        var again = new LeasedBlocks(lease);
        var second = small.ReceiveAsync(lease.ToOffer(), again, new PutOptions { Name = new ModelName("again") });
        using var cancelled = new CancellationTokenSource();
        var third = small.ReceiveAsync(lease.ToOffer(), again, cancellationToken: cancelled.Token);
        cancelled.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.False(second.IsCompleted);

        gate.SetResult();

        Assert.Equal(5000, (await first).MovedBytes);
        Assert.Equal(0, (await second).MovedBytes);
        Assert.Empty(again.Asked);
        Assert.Equal(["again@1"], small.ListNames().Select(one => one.Name.ToString()));
    }

    [Fact]
    public async Task ObjectStore_should_receive_a_model_whose_first_receive_failed()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = Store.ReceiveAsync(lease.ToOffer(), Held(lease, entered, gate.Task));
        await entered.Task;
        var second = Store.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease));

        gate.SetException(new IOException("The source is gone."));

        await Assert.ThrowsAsync<IOException>(() => first);
        Store.Acquire((await second).Model.Id, "spec").Dispose();
    }

    [Fact]
    public async Task ArrivingModel_should_have_the_blocks_that_are_whole_until_it_is_published()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1), ArrayTensorSource.Random("b", 700, 2));
        var (first, second) = (lease.Manifest.Blocks[0], lease.Manifest.Blocks[1]);
        var model = lease.Handle.Id;
        ArrivingModel? seen = null;
        var blocks = new LeasedBlocks(lease)
        {
            Change = (block, _, bytes) =>
            {
                if (block == second)
                {
                    seen = Store.FindArriving(model);
                    var read = new byte[100];
                    Assert.True(seen!.TryRead(first, 50, read));
                    Assert.Equal(lease.Bytes(first).Slice(50, 100), read);
                    Assert.Null(seen.LengthOf(second));
                    Assert.Throws<KeyNotFoundException>(() => seen.TryRead(second, 0, read));
                }

                return bytes;
            },
        };

        await Store.ReceiveAsync(lease.ToOffer(), blocks);

        Assert.NotNull(seen);
        Assert.False(seen.TryRead(first, 50, new byte[100]));
        Assert.Null(Store.FindArriving(model));
    }

    [Fact]
    public async Task ObjectStore_should_ask_only_for_blocks_that_were_not_whole_when_the_receiving_process_was_killed()
    {
        using var lease = await KillInTheMiddleAsync();
        var blocks = new LeasedBlocks(lease);
        using var again = Open(options => options with { CapacityBytes = Bytes + (64 << 10) });

        var received = await again.ReceiveAsync(lease.ToOffer(), blocks);

        Assert.Equal([lease.Manifest.Tensors[1].Block], blocks.Asked);
        Assert.Equal(Bytes / 2, received.MovedBytes);
        Assert.Empty((await again.VerifyAsync()).Damaged);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task ObjectStore_should_keep_what_a_killed_process_received_for_an_hour()
    {
        using var lease = await KillInTheMiddleAsync();
        Open().Dispose();
        Assert.Single(Files("tmp"));

        var late = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(61));
        Open(options => options with { TimeProvider = late }).Dispose();

        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task ObjectStore_should_give_the_room_of_what_a_killed_process_received_to_a_put_that_needs_it()
    {
        using var lease = await KillInTheMiddleAsync();
        using var small = Open(options => options with { CapacityBytes = Bytes + 4096, PutDeadline = TimeSpan.Zero });

        await small.PutAsync(Model(9, 8000));

        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task ModelOffer_should_refuse_blocks_that_are_not_those_of_its_manifest()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 500, 1), ArrayTensorSource.Random("b", 10, 2));
        var (first, second) = (lease.Manifest.Blocks[0], lease.Manifest.Blocks[1]);

        Refused(Lengths((first, 500)));
        Refused(Lengths((first, 500), (default, 10)));
        Refused(Lengths((first, 501), (second, 10)));
        Refused(Lengths((first, 500), (second, -10)));

        void Refused(ImmutableDictionary<BlockId, long> lengths) =>
            Assert.Throws<InvalidModelException>(() => new ModelOffer(lease.Manifest, lengths));

        static ImmutableDictionary<BlockId, long> Lengths(params (BlockId Block, long Length)[] lengths) =>
            lengths.ToImmutableDictionary(pair => pair.Block, pair => pair.Length);
    }

    [Fact]
    public void BlockWriter_should_take_no_more_bytes_than_the_block_has()
    {
        using var writer = new BlockWriter(BlockId.Of([1, 2]), 2, (_, _) => { }, (_, _) => { });
        writer.Append([1]);

        Assert.Throws<ArgumentException>(() => writer.Append([2, 3]));
        Assert.Throws<InvalidOperationException>(() => writer.TryComplete());
        writer.Append([2]);
        Assert.True(writer.TryComplete());
    }

    private static LeasedBlocks Held(ModelLease lease, TaskCompletionSource entered, Task gate) => new(lease)
    {
        Before = () =>
        {
            entered.SetResult();
            return gate;
        },
    };

    // One of two blocks has come, and a half of the other.
    private async Task<ModelLease> KillInTheMiddleAsync()
    {
        var lease = await _other.PutAndAcquireAsync(SharedModel.Content(1, Bytes), "spec");
        using var child = await StoreChild.StartAsync(Root);
        await child.SendAsync($"receive {_elsewhere.Path} {lease.Handle.Id}");
        Assert.Equal("stalled", await child.ReadAsync());
        await child.KillAsync();
        return lease;
    }

    private Task<ModelLease> OfferAsync(params ArrayTensorSource[] tensors) => _other.PutAndAcquireAsync(Content(tensors), "spec");
}
