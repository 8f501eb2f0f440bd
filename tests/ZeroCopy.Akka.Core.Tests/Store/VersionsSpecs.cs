using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

/// <summary>Which version a put under a name gets, and which versions stay.</summary>
public sealed class VersionsSpecs : StoreFixture
{
    private static readonly ModelName Name = ModelName.Parse("bert");

    [Fact]
    public async Task ObjectStore_should_answer_the_version_that_has_the_content_when_it_is_put_again()
    {
        var first = await PutAsync(Store, 1);
        await PutAsync(Store, 2);

        var again = await PutAsync(Store, 1);

        Assert.Equal(first, again);
        Assert.Equal(["bert@1", "bert@2"], Names(Store));
        Assert.Equal("bert@1", Store.SetName(Name, first.Id).ToString());
    }

    [Fact]
    public async Task ObjectStore_should_keep_a_version_that_is_said_when_its_content_has_another_one()
    {
        await PutAsync(Store, 1);

        var second = await Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("bert", 5) });

        Assert.Equal("bert@5", second.Name.ToString());
        Assert.Equal("bert@5", (await PutAsync(Store, 1)).Name.ToString());
    }

    [Fact]
    public async Task ObjectStore_should_move_a_version_to_a_new_prototype_of_the_same_content()
    {
        var first = await Store.PutAsync(Prototype("a"), new PutOptions { Name = Name });
        await PutAsync(Store, 2);

        var again = await Store.PutAsync(Prototype("b"), new PutOptions { Name = Name });

        Assert.NotEqual(first.Id, again.Id);
        Assert.Equal("bert@1", again.Name.ToString());
        Assert.Equal(again.Id, Store.Resolve(new ModelName("bert", 1)).Id);
        Assert.Equal("bert@3", (await Store.PutAsync(Prototype("c", "Other"), new PutOptions { Name = Name })).Name.ToString());
    }

    [Fact]
    public async Task ObjectStore_should_drop_older_prototypes_of_a_content_that_nobody_needs()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var store = Open(options => options with { TimeProvider = clock });
        var old = await store.PutAsync(Prototype("old"));
        var used = await store.PutAsync(Prototype("used"));
        var pinned = await store.PutAsync(Prototype("pinned"), new PutOptions { Pin = true });
        var named = await store.PutAsync(Prototype("named"), new PutOptions { Name = ModelName.Parse("other") });
        clock.Advance(TimeSpan.FromHours(1));
        using var lease = store.Acquire(used.Id, "test");
        var fresh = await store.PutAsync(Prototype("fresh"));
        Assert.DoesNotContain(old.Id, store.List().Select(model => model.Id));

        var last = await store.PutAsync(Prototype("last"));

        Assert.Equal(
            new[] { used.Id, pinned.Id, named.Id, fresh.Id, last.Id }.Order(), store.List().Select(model => model.Id).Order());
    }

    [Fact]
    public async Task ObjectStore_should_keep_as_many_versions_as_its_settings_say()
    {
        using var store = Open(options => options with { KeepVersions = 2 });
        for (var seed = 1; seed <= 4; seed++)
        {
            await PutAsync(store, seed);
        }

        Assert.Equal(["bert@3", "bert@4"], Names(store));
        Assert.Equal(2, store.List().Count);
        Assert.Equal(2, Files("segments").Length);
    }

    [Fact]
    public async Task ObjectStore_should_keep_as_many_versions_as_a_put_says()
    {
        using var store = Open(options => options with { KeepVersions = 1 });
        await Store.PutAsync(Model(9), new PutOptions { Name = ModelName.Parse("other") });
        await PutAsync(Store, 1);
        await PutAsync(Store, 2);
        await store.PutAsync(Model(3), new PutOptions { Name = Name, KeepVersions = 0 });
        Assert.Equal(4, Names(store).Length);

        await store.PutAsync(Model(4), new PutOptions { Name = Name, KeepVersions = 3 });

        Assert.Equal(["bert@2", "bert@3", "bert@4", "other@1"], Names(store));
        await store.PutAsync(Model(2), new PutOptions { Name = Name, KeepVersions = 1 });
        Assert.Equal(["bert@2", "bert@4", "other@1"], Names(store));
    }

    [Fact]
    public async Task ObjectStore_should_keep_an_older_version_that_is_used_and_models_with_other_names_or_pins()
    {
        var used = await PutAsync(Store, 1);
        var pinned = await PutAsync(Store, 2);
        var named = await PutAsync(Store, 3);
        Store.SetPinned(pinned.Id, true);
        Store.SetName(ModelName.Parse("other"), named.Id);
        using var child = await StoreChild.StartAsync(Root);
        Assert.StartsWith("ok", await child.AskAsync($"acquire {used.Id}"), StringComparison.Ordinal);

        var last = await Store.PutAsync(Model(4), new PutOptions { Name = Name, KeepVersions = 1 });

        Assert.Equal(["bert@1", "bert@4", "other@1"], Names(Store));
        Assert.Equal(
            new[] { used.Id, pinned.Id, named.Id, last.Id }.Order(), Store.List().Select(model => model.Id).Order());
    }

    [Fact]
    public async Task ObjectStore_should_lease_what_it_puts_before_a_put_that_waits_for_its_end_removes_it()
    {
        using var other = Open();
        var next = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var store = Open(options => options with { Log = PutNext });
        await PutAsync(Store, 1);
        var content = Model(2);

        // It removes the version before, which is told under the store's lock: the other one puts next.
        using var lease = await store.PutAndAcquireAsync(content, "test", new PutOptions { Name = Name, KeepVersions = 1 });
        await await next.Task;

        Assert.Equal("bert@2", lease.Handle.Name.ToString());
        Assert.Equal(["bert@2", "bert@3"], Names(Store));
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(((ArrayTensorSource)content.Tensors[0]).Content));

        void PutNext(string line)
        {
            if (line.StartsWith("Removed bert@1", StringComparison.Ordinal))
            {
                next.SetResult(other.PutAsync(Model(3), new PutOptions { Name = Name, KeepVersions = 1 }));
            }
        }
    }

    [Fact]
    public async Task ObjectStore_should_let_go_of_what_it_put_when_the_lease_ends()
    {
        using (var lease = await Store.PutAndAcquireAsync(Model(1), "test", new PutOptions { Name = Name }))
        {
            Assert.Throws<ModelInUseException>(() => Store.Remove(lease.Handle.Id));
            await Store.PutAsync(Model(2), new PutOptions { Name = Name, KeepVersions = 1 });
            Assert.Equal(["bert@1", "bert@2"], Names(Store));
        }

        await Store.PutAsync(Model(3), new PutOptions { Name = Name, KeepVersions = 1 });

        Assert.Equal(["bert@3"], Names(Store));
    }

    [Fact]
    public async Task ObjectStore_should_refuse_to_keep_fewer_than_no_versions()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.PutAsync(Model(1), new PutOptions { KeepVersions = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(options => options with { KeepVersions = -1 }));
    }

    [Fact]
    public async Task ObjectStore_should_list_what_this_process_and_others_use()
    {
        var own = await PutAsync(Store, 1);
        var others = await PutAsync(Store, 2);
        await PutAsync(Store, 3);
        Assert.Empty(Store.ListUsed());
        using var child = await StoreChild.StartAsync(Root);
        await child.AskAsync($"acquire {others.Id}");
        using (Store.Acquire(own.Id, "test"))
        {
            Assert.Equal(new[] { own.Id, others.Id }.Order(), Store.ListUsed().Order());
        }

        await child.KillAsync();
        Assert.Empty(Store.ListUsed());
    }

    private static Task<ModelHandle> PutAsync(ObjectStore store, int seed) => store.PutAsync(Model(seed), new PutOptions { Name = Name });

    private static ModelContent Prototype(string prototype, string type = "Test") =>
        new() { Tensors = [ArrayTensorSource.Random("weight", 1000, 1)], Recipe = new Recipe.Weights(type, prototype) };

    private static string[] Names(ObjectStore store) =>
        [.. store.List().SelectMany(model => model.Names).Select(name => name.ToString()).Order(StringComparer.Ordinal)];
}
