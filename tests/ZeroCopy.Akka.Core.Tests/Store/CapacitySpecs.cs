using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Tests.Store;

public sealed class CapacitySpecs : StoreFixture
{
    private const int MiB = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Capacity_should_refuse_at_once_what_can_never_fit()
    {
        using var store = Small(1);
        var error = await Assert.ThrowsAsync<StoreFullException>(() => store.PutAsync(Model(1, 2 * MiB)));
        Assert.True(error.NeededBytes > 2 * MiB);
        Assert.Equal(MiB, error.LimitBytes);
        Assert.Equal("zerocopy.object-store.capacity", error.Setting);
        Assert.Contains(error.Setting, error.Message, StringComparison.Ordinal);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Capacity_should_evict_the_least_recently_used_model()
    {
        using var store = Small(3);
        var first = await store.PutAsync(Model(1, MiB));
        _time.Advance(TimeSpan.FromMinutes(1));
        var second = await store.PutAsync(Model(2, MiB));
        _time.Advance(TimeSpan.FromMinutes(1));
        store.Acquire(first.Id, "test").Dispose();
        _time.Advance(TimeSpan.FromMinutes(1));
        await store.PutAsync(Model(3, MiB));
        Assert.Contains(store.List(), info => info.Id == first.Id);
        Assert.DoesNotContain(store.List(), info => info.Id == second.Id);
        Assert.Contains(Log, line => line.Contains($"Evicted model {second.Id}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Capacity_should_not_evict_named_pinned_or_leased_models()
    {
        using var store = Small(4);
        var named = await store.PutAsync(Model(1, MiB), new PutOptions { Name = ModelName.Parse("bert") });
        var pinned = await store.PutAsync(Model(2, MiB), new PutOptions { Pin = true });
        var leased = await store.PutAsync(Model(3, MiB));
        using (store.Acquire(leased.Id, "test"))
        {
            await Assert.ThrowsAsync<StoreFullException>(() => store.PutAsync(Model(4, MiB), new PutOptions { Deadline = TimeSpan.Zero }));
            Assert.Equal(new[] { named.Id, pinned.Id, leased.Id }.Order(), store.List().Select(info => info.Id).Order());
        }

        store.SetPinned(pinned.Id, false);
        await store.PutAsync(Model(4, MiB), new PutOptions { Deadline = TimeSpan.Zero });
        Assert.Equal(3, store.List().Count);
    }

    [Fact]
    public async Task Capacity_should_let_a_put_wait_until_a_lease_is_released()
    {
        using var store = Small(2);
        var first = await store.PutAsync(Model(1, MiB));
        var lease = store.Acquire(first.Id, "test");
        var waiting = store.PutAsync(Model(2, MiB));
        await Until(() => store.GetStatistics().WaitingPuts == 1);
        Assert.False(waiting.IsCompleted);
        lease.Dispose();
        var second = await waiting;
        Assert.Equal(second.Id, store.List().Single().Id);
    }

    [Fact]
    public async Task Capacity_should_fail_a_waiting_put_at_its_deadline()
    {
        using var store = Small(2);
        using var lease = store.Acquire((await store.PutAsync(Model(1, MiB))).Id, "test");
        var waiting = store.PutAsync(Model(2, MiB), new PutOptions { Deadline = TimeSpan.FromSeconds(5) });
        await Until(() => store.GetStatistics().WaitingPuts == 1);
        _time.Advance(TimeSpan.FromSeconds(6));
        await Assert.ThrowsAsync<StoreFullException>(() => waiting);
        Assert.Equal(0, store.GetStatistics().WaitingPuts);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Capacity_should_admit_a_put_that_needs_no_room_while_another_one_waits_for_some()
    {
        using var store = Small(2);
        var first = await store.PutAsync(Model(1, MiB));
        using var lease = store.Acquire(first.Id, "test");
        using var stop = new CancellationTokenSource();
        var waiting = store.PutAsync(Model(2, MiB), cancellationToken: stop.Token);
        await Until(() => store.GetStatistics().WaitingPuts == 1);

        var again = await store.PutAsync(Model(1, MiB), new PutOptions { Name = ModelName.Parse("again") }).WaitAsync(Patience);

        Assert.Equal(first.Id, again.Id);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Capacity_should_tell_the_numbers_of_a_put_that_waits_behind_another_one()
    {
        using var store = Small(2);
        using var lease = store.Acquire((await store.PutAsync(Model(1, MiB))).Id, "test");
        using var stop = new CancellationTokenSource();
        var waiting = store.PutAsync(Model(2, MiB), cancellationToken: stop.Token);
        await Until(() => store.GetStatistics().WaitingPuts == 1);
        var content = Content(
            TestSupport.ArrayTensorSource.Random("weight", MiB, 1), TestSupport.ArrayTensorSource.Random("bias", 1000, 2));

        var error = await Assert.ThrowsAsync<StoreFullException>(
            () => store.PutAsync(content, new PutOptions { Deadline = TimeSpan.Zero }));

        Assert.InRange(error.NeededBytes, 1000, 10_000);
        Assert.Equal(store.GetStatistics().FreeBytes, error.FreeBytes);
        Assert.Contains("1 other put that waits for room came first", error.Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await store.PutAsync(content, new PutOptions { Deadline = TimeSpan.Zero });
    }

    [Fact]
    public async Task Capacity_should_end_waiting_puts_when_the_store_is_disposed()
    {
        var store = Small(2);
        var first = await store.PutAsync(Model(1, MiB));
        var lease = store.Acquire(first.Id, "test");
        var waiting = store.PutAsync(Model(2, MiB));
        await Until(() => store.GetStatistics().WaitingPuts == 1);
        store.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        lease.Dispose();
    }

    [Fact]
    public async Task Capacity_should_add_up()
    {
        await Store.PutAsync(Model(1, 1000));
        var removed = await Store.PutAsync(Content(
            TestSupport.ArrayTensorSource.Random("a", 1000, 1), TestSupport.ArrayTensorSource.Random("b", 500, 2)));
        await Store.PutAsync(Content(TestSupport.ArrayTensorSource.Random("c", 500, 2)));
        Store.Remove(removed.Id);
        var statistics = Store.GetStatistics();
        Assert.Equal(statistics.UsedBytes, statistics.LiveBytes + statistics.DeadBytes + statistics.TemporaryBytes);
        Assert.Equal(1500, statistics.LiveBytes);
        Assert.Equal(
            Directory.EnumerateFiles(Path.Combine(Root, "segments")).Sum(path => new FileInfo(path).Length), statistics.UsedBytes);
        Assert.True(statistics.UsedBytes + statistics.FreeBytes <= statistics.CapacityBytes);
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
        }
    }

    // Room for a number of models of one MiB less one, headers included.
    private ObjectStore Small(int megabytes) => Open(options => options with { CapacityBytes = megabytes * MiB, TimeProvider = _time });
}
