using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

public sealed class SeveralProcessesSpecs : StoreFixture
{
    private const int Bytes = 8 << 20;

    [Fact]
    public async Task Store_should_share_a_model_by_name_with_another_process()
    {
        using var child = await StoreChild.StartAsync(Root);
        var answer = await child.AskAsync($"put 1 {Bytes} shared");
        var handle = Store.Resolve(ModelName.Parse("shared"));
        Assert.Equal($"ok {handle.Id}", answer);
        using var lease = Store.Acquire(handle.Id, "test");
        var first = Convert.ToHexString(lease.Bytes(lease.Manifest.Tensors[0].Block)[..8]);
        Assert.Equal($"ok {first}", await child.AskAsync($"acquire {handle.Id}"));
    }

    [Fact]
    public async Task Store_should_keep_a_model_when_the_process_that_put_it_is_killed()
    {
        using var child = await StoreChild.StartAsync(Root);
        await child.AskAsync($"put 1 {Bytes} shared");
        await child.KillAsync();
        using var lease = Store.Acquire(Store.Resolve(ModelName.Parse("shared")).Id, "test");
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task Store_should_lose_nothing_and_keep_nothing_when_a_process_is_killed_in_the_middle_of_a_put()
    {
        var kept = await Store.PutAsync(Model(7));
        using var child = await StoreChild.StartAsync(Root);
        await child.SendAsync($"stall 1 {Bytes}");
        Assert.Equal("stalled", await child.ReadAsync());
        Assert.NotEmpty(Files("tmp"));
        Assert.Equal(0, (await Store.CollectAsync()).RemovedFiles);
        Assert.True(Store.GetStatistics().TemporaryBytes >= Bytes);
        await child.KillAsync();
        using var again = Open();
        Assert.Empty(Files("tmp"));
        Assert.Equal(kept.Id, Assert.Single(again.List()).Id);
        Assert.Equal(0, again.GetStatistics().TemporaryBytes);
        await again.PutAsync(SharedModel.Content(1, Bytes));
    }

    [Fact]
    public async Task Store_should_refuse_to_remove_what_another_process_leases_and_name_the_process()
    {
        var handle = await Store.PutAsync(SharedModel.Content(1, Bytes), new PutOptions { Name = ModelName.Parse("shared") });
        using var child = await StoreChild.StartAsync(Root);
        await child.AskAsync($"acquire {handle.Id}");
        var error = Assert.Throws<ModelInUseException>(() => Store.Remove(ModelName.Parse("shared")));
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"process id {child.Id}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(handle.Id, Store.Resolve(ModelName.Parse("shared")).Id);
        Assert.Equal("ok ", await child.AskAsync("release"));
        Store.Remove(ModelName.Parse("shared"));
        Assert.Empty(Files("segments"));
    }

    [SkippableFact]
    public async Task Store_should_list_another_process_among_the_holders_until_it_dies()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells who locks a file.");
        var handle = await Store.PutAsync(SharedModel.Content(1, Bytes));
        using var child = await StoreChild.StartAsync(Root);
        await child.AskAsync($"acquire {handle.Id}");
        using var lease = Store.Acquire(handle.Id, "test");

        Assert.Equal(
            [new LeaseInfo(handle.Id, "test", Environment.ProcessId, 1), new LeaseInfo(handle.Id, $"process {child.Id}", child.Id, 1)],
            Store.GetStatistics().Holders.AsEnumerable());

        await child.KillAsync();
        Assert.Equal([new LeaseInfo(handle.Id, "test", Environment.ProcessId, 1)], Store.GetStatistics().Holders.AsEnumerable());
    }

    [Fact]
    public async Task Store_should_release_the_leases_of_a_killed_process()
    {
        var handle = await Store.PutAsync(SharedModel.Content(1, Bytes));
        using var child = await StoreChild.StartAsync(Root);
        await child.AskAsync($"acquire {handle.Id}");
        await child.KillAsync();
        Store.Remove(handle.Id);
        Assert.Empty(Files("segments"));
    }

    [Fact]
    public async Task Store_should_tell_another_process_that_a_model_is_leased_here()
    {
        var handle = await Store.PutAsync(SharedModel.Content(1, Bytes));
        using var child = await StoreChild.StartAsync(Root);
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.StartsWith("ModelInUseException", await child.AskAsync($"remove {handle.Id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_should_hold_one_copy_when_two_processes_put_the_same_model_at_once()
    {
        using var first = await StoreChild.StartAsync(Root);
        using var second = await StoreChild.StartAsync(Root);
        var answers = await Task.WhenAll(first.AskAsync($"put 1 {Bytes}"), second.AskAsync($"put 1 {Bytes}"));
        Assert.Equal(answers[0], answers[1]);
        var statistics = Store.GetStatistics();
        Assert.Equal(1, statistics.Models);
        Assert.Equal(Bytes, statistics.LiveBytes);
        Assert.True(statistics.DeadBytes < 4096);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Store_should_see_a_removal_by_another_process()
    {
        var handle = await Store.PutAsync(SharedModel.Content(1, Bytes));
        using var child = await StoreChild.StartAsync(Root);
        Assert.Equal("ok ", await child.AskAsync($"remove {handle.Id}"));
        Assert.Throws<ModelNotFoundException>(() => Store.Acquire(handle.Id, "test"));
    }
}
