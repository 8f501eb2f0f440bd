using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Tests.Store.Files;

public sealed class GenerationSpecs : StoreFixture
{
    [Fact]
    public void Generation_should_be_seen_by_every_store_on_the_directory()
    {
        using var here = new Generation(Path.Combine(Root, "generation"));
        using var there = new Generation(Path.Combine(Root, "generation"));
        here.BeginChange();
        here.Bump(StoreArea.Names);
        Assert.True(there.IsChanging);
        Assert.Equal(here.Of(StoreArea.Names), there.Of(StoreArea.Names));
        here.EndChange();
        Assert.False(there.IsChanging);
        Assert.Equal(here.Sequence, there.Sequence);
    }

    [Fact]
    public async Task Store_should_read_everything_again_when_a_process_died_in_the_middle_of_a_change()
    {
        var handle = await Store.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") });
        using (var dead = new Generation(Path.Combine(Root, "generation")))
        {
            dead.BeginChange();
        }

        File.Delete(Path.Combine(Root, "names", $"bert@1={handle.Id}"));
        File.Delete(Path.Combine(Root, "manifests", $"{handle.Id}.json"));
        Assert.Throws<ModelNotFoundException>(() => Store.Resolve(ModelName.Parse("bert")));
        Assert.Throws<ModelNotFoundException>(() => Store.Acquire(handle.Id, "test"));
        Assert.Equal("bert@1", (await Store.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") })).Name.ToString());
    }

    [Fact]
    public async Task Store_should_refuse_work_after_it_was_disposed()
    {
        var handle = await Store.PutAsync(Model(1));
        var lease = Store.Acquire(handle.Id, "test");
        Store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Store.Resolve(handle.Id));
        Assert.Throws<ObjectDisposedException>(() => Store.Acquire(handle.Id, "test"));
        Assert.Equal(1000, lease.Bytes(lease.Manifest.Tensors[0].Block).Length);
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => lease.Retain(lease.Manifest.Tensors[0].Block));
    }
}
