using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

public sealed class StoreLoadSpecs : StoreFixture
{
    [SkippableFact]
    public async Task Store_should_leave_descriptors_and_mappings_as_they_were_after_200_puts_and_removals()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Descriptors are counted in /proc.");
        await PutLeaseRemove(0);
        var descriptors = Directory.GetFiles("/proc/self/fd").Length;
        var check = new LeakCheck();
        for (var i = 1; i <= 200; i++)
        {
            await PutLeaseRemove(i);
        }

        check.Verify();
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, descriptors - 3, descriptors + 3);
        Assert.Equal(0, Store.GetStatistics().UsedBytes);
    }

    [Fact]
    public async Task Store_should_survive_many_threads_that_put_lease_and_remove()
    {
        var shared = Enumerable.Range(0, 6).Select(i => ArrayTensorSource.Random($"t{i}", 5000, i)).ToArray();
        await Parallel.ForAsync(0, 120, async (i, cancellationToken) =>
        {
            var tensors = shared.Where((_, bit) => ((i >> bit) & 1) == 1).ToArray();
            var handle = await Store.PutAsync(Content(tensors), cancellationToken: cancellationToken);
            try
            {
                using var lease = Store.Acquire(handle.Id, "thread");
                foreach (var (source, entry) in tensors.Zip(lease.Manifest.Tensors))
                {
                    Assert.True(lease.Bytes(entry.Block).SequenceEqual(source.Content));
                }
            }
            catch (Errors.ModelNotFoundException)
            {
                // Another thread that put the same model removed it first.
                return;
            }

            try
            {
                Store.Remove(handle.Id);
            }
            catch (Errors.ZeroCopyException e) when (e is Errors.ModelInUseException or Errors.ModelNotFoundException)
            {
                // Leased or removed by a thread with the same model.
                return;
            }
        });
        Assert.Empty((await Store.VerifyAsync()).Damaged);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Lease_should_count_references_right_when_many_threads_retain_and_release()
    {
        var handle = await Store.PutAsync(Model(1));
        using var lease = Store.Acquire(handle.Id, "test");
        var check = new LeakCheck();
        var block = lease.Manifest.Tensors[0].Block;
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 2000; i++)
            {
                ModelLease.Release(lease.Retain(block));
            }
        });
        check.Verify();
    }

    private async Task PutLeaseRemove(int seed)
    {
        var handle = await Store.PutAsync(Model(seed));
        Store.Acquire(handle.Id, "test").Dispose();
        Store.Remove(handle.Id);
    }
}
