using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store.Receiving;

public sealed class ReceiveSpecs : StoreFixture
{
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
    public async Task ObjectStore_should_leave_one_copy_when_two_receive_the_same_model()
    {
        using var lease = await OfferAsync(ArrayTensorSource.Random("a", 5000, 1));
        var blocks = new LeasedBlocks(lease) { Before = () => Store.ReceiveAsync(lease.ToOffer(), new LeasedBlocks(lease)) };

        await Store.ReceiveAsync(lease.ToOffer(), blocks);

        Assert.Single(Files("segments"));
        Assert.Single(Store.List());
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
        using var writer = new BlockWriter(BlockId.Of([1, 2]), 2, (_, _) => { });
        writer.Append([1]);

        Assert.Throws<ArgumentException>(() => writer.Append([2, 3]));
        Assert.Throws<InvalidOperationException>(() => writer.TryComplete());
        writer.Append([2]);
        Assert.True(writer.TryComplete());
    }

    private Task<ModelLease> OfferAsync(params ArrayTensorSource[] tensors) => _other.PutAndAcquireAsync(Content(tensors), "spec");
}
