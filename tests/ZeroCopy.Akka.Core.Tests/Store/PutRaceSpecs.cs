using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

/// <summary>What others do to the store between a put's admission and its commit.</summary>
public sealed class PutRaceSpecs : StoreFixture
{
    private const int Bytes = 4096;

    [Fact]
    public async Task Put_should_write_the_blocks_it_counted_on_when_their_model_is_removed_meanwhile()
    {
        var shared = ArrayTensorSource.Random("shared", Bytes, 1);
        var other = await Store.PutAsync(Content(shared));
        var handle = await Store.PutAsync(With(shared, () => Store.Remove(other.Id)));
        Assert.Equal(handle.Id, Assert.Single(Store.List()).Id);
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(shared.Content));
        Assert.Empty((await Store.VerifyAsync()).Damaged);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Put_should_leave_one_copy_when_the_same_model_is_put_meanwhile()
    {
        var shared = ArrayTensorSource.Random("shared", Bytes, 1);
        ModelHandle? inner = null;
        var outer = await Store.PutAsync(With(
            shared, () => inner = Store.PutAsync(With(shared, () => { })).GetAwaiter().GetResult()));
        Assert.Equal(inner!.Id, outer.Id);
        Assert.Single(Files("segments"));
        Assert.Empty(Files("tmp"));
        Assert.Equal(2 * Bytes, Store.GetStatistics().LiveBytes);
    }

    [Fact]
    public async Task Put_should_not_be_swept_when_another_store_opens_and_collects_meanwhile()
    {
        var handle = await Store.PutAsync(With(ArrayTensorSource.Random("shared", Bytes, 1), () =>
        {
            using var other = Open();
            Assert.Equal(0, other.CollectAsync(unnamed: true).GetAwaiter().GetResult().RemovedFiles);
        }));
        Store.Acquire(handle.Id, "test").Dispose();
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task Put_should_not_evict_a_model_that_another_process_leases()
    {
        var leased = await Store.PutAsync(SharedModel.Content(1, 1 << 20));
        using var child = await StoreChild.StartAsync(Root);
        Assert.StartsWith("ok", await child.AskAsync($"acquire {leased.Id}"), StringComparison.Ordinal);
        using var small = Open(options => options with { CapacityBytes = 3 << 19 });
        await Assert.ThrowsAsync<StoreFullException>(() => small.PutAsync(Model(2, 1 << 20), new PutOptions { Deadline = TimeSpan.Zero }));
        await child.KillAsync();
        var second = await small.PutAsync(Model(2, 1 << 20), new PutOptions { Deadline = TimeSpan.Zero });
        Assert.Equal(second.Id, Assert.Single(small.List()).Id);
    }

    private static ModelContent With(ArrayTensorSource shared, Action meanwhile) => new()
    {
        Tensors = [shared, new ProbeTensorSource("own", Bytes, meanwhile)],
        Recipe = new Recipe.Weights("Test", ""),
    };
}
