using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Files;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

public sealed class ObjectStoreSpecs : StoreFixture
{
    [Fact]
    public async Task ObjectStore_should_give_back_every_byte_that_was_put()
    {
        var tensors = Enumerable.Range(0, 20).Select(i => ArrayTensorSource.Random($"t{i}", 1 + (i * 997), i)).ToArray();
        var handle = await Store.PutAsync(Content(tensors));
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.Equal(tensors.Select(t => t.Name), lease.Manifest.Tensors.Select(t => t.Name));
        foreach (var (source, entry) in tensors.Zip(lease.Manifest.Tensors))
        {
            Assert.True(lease.Bytes(entry.Block).SequenceEqual(source.Content));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ObjectStore_should_refuse_a_tensor_that_changes_while_it_is_put(bool isInMemory)
    {
        var pinned = new PinnedTensorSource("live", 5000);
        var live = isInMemory ? (TensorSource)pinned
            : new ArrayTensorSource("live", new TensorLayout(DType.UInt8, 5000), pinned.Content);
        var before = pinned.Content.ToArray();
        var content = new ModelContent
        {
            Tensors = [new ProbeTensorSource("probe", 100, () => pinned.Content[4999]++), live],
            Recipe = new Recipe.Weights("Test", ""),
        };

        var refused = await Assert.ThrowsAsync<InvalidModelException>(() => Store.PutAsync(content));

        Assert.Contains("'live' changed while it was put", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Store.List());
        Assert.Empty(Files("segments"));
        var handle = await Store.PutAsync(Content(new ArrayTensorSource("live", new TensorLayout(DType.UInt8, 5000), before)));
        Assert.Empty((await Store.VerifyAsync()).Damaged);
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(before));
    }

    [Fact]
    public async Task ObjectStore_should_leave_nothing_mapped_when_a_lease_fails()
    {
        var model = await Store.PutAsync(Model(1));
        Store.Dispose();
        var time = new FailingTime();
        using var again = Open(options => options with { TimeProvider = time });
        time.Fails = true;

        Assert.Throws<IOException>(() => again.Acquire(model.Id, "test"));
    }

    [Fact]
    public async Task ObjectStore_should_leave_nothing_of_a_put_whose_lease_fails()
    {
        var shared = ArrayTensorSource.Random("shared", 1000, 1);
        var before = await Store.PutAsync(Content(shared), new PutOptions { Name = new ModelName("model") });
        // Unknown to the store: the put finds the block there, and cannot map it.
        File.Delete(SegmentPath());

        await Assert.ThrowsAsync<FileNotFoundException>(() => Store.PutAndAcquireAsync(
            Content(shared, ArrayTensorSource.Random("own", 1000, 2)),
            "test",
            new PutOptions { Name = new ModelName("model"), Pin = true, KeepVersions = 1 }));

        Assert.Equal(before with { Bytes = 0 }, Store.Resolve(new ModelName("model")) with { Bytes = 0 });
        Assert.Equal(before.Id, Assert.Single(Store.List()).Id);
        Assert.Empty(Files("segments"));
        Assert.Empty(Files("pins"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ObjectStore_should_leave_the_pin_of_a_model_as_it_was_when_a_put_fails(bool isPinned)
    {
        var before = await Store.PutAsync(Model(1), new PutOptions { Pin = isPinned });

        // Where the name's file would be.
        Directory.CreateDirectory(Path.Combine(Root, "names", $"model@1={before.Id}"));

        await Assert.ThrowsAsync<UnauthorizedAccessException>(
            () => Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("model"), Pin = true }));

        Assert.Equal(isPinned, Assert.Single(Store.List()).Pinned);
        Assert.Equal(isPinned ? 1 : 0, Files("pins").Length);
    }

    [Fact]
    public async Task ObjectStore_should_list_names_without_what_only_people_ask_for()
    {
        var one = await Store.PutAsync(Content(ArrayTensorSource.Random("a", 100, 1)), new PutOptions { Name = new ModelName("b") });
        var other = await Store.PutAsync(Content(ArrayTensorSource.Random("a", 200, 2)), new PutOptions { Name = new ModelName("a") });
        await Store.PutAsync(Content(ArrayTensorSource.Random("a", 300, 3)));
        Store.SetName(new ModelName("b"), other.Id);

        ModelHandle[] expected =
        [
            other with { Name = ModelName.Parse("a@1") }, one with { Name = ModelName.Parse("b@1") },
            other with { Name = ModelName.Parse("b@2") },
        ];
        Assert.Equal(expected, Store.ListNames());
        Assert.Equal(Store.GetStatistics().FreeBytes, Store.GetFreeBytes());
    }

    [Fact]
    public void ObjectStore_should_say_that_its_directory_is_gone()
    {
        var directory = Store.Options.Directory;
        Directory.Delete(directory, recursive: true);

        var gone = Assert.Throws<StoreUnavailableException>(() => Store.GetFreeBytes());

        Assert.Contains(directory, gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ObjectStore_should_put_blocks_on_64_bytes()
    {
        var handle = await Store.PutAsync(
            Content(ArrayTensorSource.Random("a", 3, 1), ArrayTensorSource.Random("b", 65, 2), ArrayTensorSource.Random("c", 1, 3)));
        using var lease = Store.Acquire(handle.Id, "test");
        foreach (var tensor in lease.Manifest.Tensors)
        {
            var address = lease.Retain(tensor.Block);
            ModelLease.Release(address);
            Assert.Equal(0, address % 64);
        }
    }

    [Fact]
    public async Task ObjectStore_should_read_tensors_in_place_when_they_have_an_address()
    {
        var memory = new PinnedTensorSource("weight", 5_000_000);
        var handle = await Store.PutAsync(new ModelContent { Tensors = [memory], Recipe = new Recipe.Weights("Test", "") });
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(memory.Content));
    }

    [Fact]
    public async Task ObjectStore_should_store_equal_tensors_once()
    {
        await Store.PutAsync(Content(ArrayTensorSource.Random("a", 1 << 20, 7), ArrayTensorSource.Random("b", 1 << 20, 7)));
        await Store.PutAsync(Content(ArrayTensorSource.Random("other", 1 << 20, 7)));
        var statistics = Store.GetStatistics();
        Assert.Equal(2, statistics.Models);
        Assert.Equal(1, statistics.Blocks);
        Assert.Equal(1, statistics.Segments);
        Assert.Equal(1 << 20, statistics.LiveBytes);
        Assert.Equal(2L << 20, statistics.LogicalBytes);
    }

    [Fact]
    public async Task ObjectStore_should_tell_the_blocks_that_a_model_shares()
    {
        await Store.PutAsync(
            Content(ArrayTensorSource.Random("a", 1000, 7), ArrayTensorSource.Random("b", 500, 8)),
            new PutOptions { Name = new ModelName("first") });
        await Store.PutAsync(Content(ArrayTensorSource.Random("other", 1000, 7)), new PutOptions { Name = new ModelName("second") });
        var sharing = Store.GetSharing();
        Assert.Equal(
            [("first@1", 2, 1, 1500L, 1000L), ("second@1", 1, 1, 1000L, 1000L)],
            sharing.Select(model => (model.Names.Single().ToString(), model.Blocks, model.SharedBlocks, model.Bytes, model.SharedBytes)));
    }

    [Fact]
    public async Task ObjectStore_should_keep_a_model_of_empty_tensors_and_of_none()
    {
        var empty = await Store.PutAsync(Content(new ArrayTensorSource("nothing", new TensorLayout(DType.Float32, 0, 3), [])));
        var none = await Store.PutAsync(Content());
        using var lease = Store.Acquire(empty.Id, "test");
        var address = lease.Retain(lease.Manifest.Tensors[0].Block);
        ModelLease.Release(address);
        Assert.NotEqual(0, address);
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).IsEmpty);
        using var other = Store.Acquire(none.Id, "test");
        Assert.Empty(other.Manifest.Tensors);
    }

    [Fact]
    public async Task ObjectStore_should_store_a_script_skeleton_as_a_block()
    {
        var skeleton = ArrayTensorSource.Random("script", 4, 2);
        var handle = await Store.PutAsync(new ModelContent { Tensors = [ArrayTensorSource.Random("a", 10, 1)], ScriptSkeleton = skeleton });
        using var lease = Store.Acquire(handle.Id, "test");
        var recipe = Assert.IsType<Recipe.Script>(lease.Manifest.Recipe);
        Assert.Equal(skeleton.Content, lease.Bytes(recipe.Skeleton).ToArray());
        Assert.Equal(14, handle.Bytes);
    }

    [Fact]
    public async Task ObjectStore_should_find_what_it_holds_when_it_is_opened_again()
    {
        var handle = await Store.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") });
        Store.Dispose();
        using var again = Open();
        Assert.Equal(handle, again.Resolve(ModelName.Parse("bert")));
        using var lease = again.Acquire(handle.Id, "test");
        Assert.Equal(1000, lease.Bytes(lease.Manifest.Tensors[0].Block).Length);
    }

    [Fact]
    public async Task ObjectStore_should_read_a_manifest_that_another_store_put()
    {
        var handle = await Store.PutAsync(Model(1));
        using var again = Open();

        var manifest = again.ReadManifest(handle.Id);

        Assert.Equal(handle.Id, manifest.Id);
        Assert.Equal("weight", Assert.Single(manifest.Tensors).Name);
        Assert.Same(manifest, again.ReadManifest(handle.Id));
    }

    [Fact]
    public async Task ObjectStore_should_answer_who_does_not_wait_with_what_it_knows_while_others_hold_its_lock()
    {
        var name = ModelName.Parse("known");
        var handle = await Store.PutAsync(Model(1), new PutOptions { Name = name });
        var manifest = Store.ReadManifest(handle.Id);
        var directory = StoreDirectory.Prepare(Root);
        using var generation = new Generation(directory.GenerationFile);
        using (var change = new StoreLock(directory, generation).Enter())
        {
            change.Touch(StoreArea.Names);

            Assert.Equal(handle, Store.Resolve(name, waits: false));
            Assert.Same(manifest, Store.ReadManifest(handle.Id, waits: false));
            Assert.Equal(handle, Assert.Single(Store.ListNames(waits: false)));
            Assert.Throws<StoreUnavailableException>(() => Store.Resolve(ModelName.Parse("other"), waits: false));
            Assert.Throws<StoreUnavailableException>(() => Store.ReadManifest(ModelId.Of([1]), waits: false));
        }

        Assert.Throws<ModelNotFoundException>(() => Store.Resolve(ModelName.Parse("other"), waits: false));
    }

    [Fact]
    public async Task ObjectStore_should_refuse_a_manifest_whose_file_was_changed_after_it_was_listed()
    {
        var handle = await Store.PutAsync(Model(1));
        using var again = Open();
        File.WriteAllText(Path.Combine(Root, "manifests", $"{handle.Id}.json"), "{}");

        var error = Assert.Throws<InvalidModelException>(() => again.ReadManifest(handle.Id));
        Assert.Contains("Put the model again", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidModelException>(() => again.Acquire(handle.Id, "test"));
    }

    [Fact]
    public async Task ObjectStore_should_see_at_once_what_another_store_on_the_directory_puts_and_removes()
    {
        using var other = Open();
        var handle = await other.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") });
        Assert.Equal(handle.Id, Store.Resolve(ModelName.Parse("bert")).Id);
        other.Remove(ModelName.Parse("bert"));
        Assert.Throws<ModelNotFoundException>(() => Store.Resolve(ModelName.Parse("bert")));
        Assert.Throws<ModelNotFoundException>(() => Store.Acquire(handle.Id, "test"));
    }

    [Fact]
    public async Task ObjectStore_should_keep_writes_to_a_mapping_out_of_the_file()
    {
        var handle = await Store.PutAsync(Model(1));
        using (var lease = Store.Acquire(handle.Id, "writer"))
        {
            WriteByte(lease, (byte)(lease.Bytes(lease.Manifest.Tensors[0].Block)[0] ^ 0xff));
        }

        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ObjectStore_should_keep_the_mapping_until_the_last_retained_block_is_released()
    {
        var check = new LeakCheck();
        var handle = await Store.PutAsync(Model(1));
        var lease = Store.Acquire(handle.Id, "test");
        var first = lease.Retain(lease.Manifest.Tensors[0].Block);
        var second = lease.Retain(lease.Manifest.Tensors[0].Block);
        lease.Dispose();
        ModelLease.Release(first);
        Assert.Equal(1, check.LeakedMappings);
        ModelLease.Release(second);
        Assert.Equal(0, check.LeakedMappings);
    }

    [Fact]
    public async Task ObjectStore_should_map_a_segment_once_for_all_leases()
    {
        var check = new LeakCheck();
        var handle = await Store.PutAsync(Model(1));
        using var other = Open();
        using var a = Store.Acquire(handle.Id, "a");
        using var b = Store.Acquire(handle.Id, "b");
        using var c = other.Acquire(handle.Id, "c");
        Assert.Equal(1, check.LeakedMappings);
        Assert.Equal(2, Store.GetStatistics().Leases);
    }

    [Fact]
    public async Task ObjectStore_should_list_its_leases_by_holder()
    {
        var one = await Store.PutAsync(Model(1));
        var two = await Store.PutAsync(Model(2));
        using var a = Store.Acquire(one.Id, "a");
        using var b = Store.Acquire(one.Id, "b");
        using var further = Store.Acquire(one.Id, "a");
        var other = Store.Acquire(two.Id, "b");
        other.Dispose();

        Assert.Equal(
            [new LeaseInfo(one.Id, "a", Environment.ProcessId, 2), new LeaseInfo(one.Id, "b", Environment.ProcessId, 1)],
            Store.ListLeases());
        Assert.Equal(Store.ListLeases(), Store.GetStatistics().Holders.AsEnumerable());
        var models = Store.List().ToDictionary(model => model.Id, model => model.Holders.Sum(holder => holder.Leases));
        Assert.Equal((3, 0), (models[one.Id], models[two.Id]));
    }

    [Fact]
    public async Task ObjectStore_should_look_at_no_names_but_those_of_leased_models_for_its_leases()
    {
        const int Names = 1000;
        var one = await Store.PutAsync(Model(1));
        var two = await Store.PutAsync(Model(2), new PutOptions { Name = new ModelName("two") });
        for (var version = 1; version <= Names; version++)
        {
            Store.SetName(new ModelName("one", version), one.Id);
        }

        using var lease = Store.Acquire(two.Id, "test");
        Store.ListLeases();
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Single(Store.ListLeases());

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * Names);
    }

    [SkippableFact]
    public async Task ObjectStore_should_name_the_process_where_another_store_object_holds_a_model()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells who locks a file.");
        var model = await Store.PutAsync(Model(1));
        using var other = Open();
        using var lease = other.Acquire(model.Id, "elsewhere");

        Assert.Empty(Store.ListLeases());
        Assert.Equal(
            [new LeaseInfo(model.Id, $"process {Environment.ProcessId}", Environment.ProcessId, 1)],
            Store.GetStatistics().Holders.AsEnumerable());
        Assert.Equal(Store.GetStatistics().Holders, Assert.Single(Store.List()).Holders.AsEnumerable());
    }

    [Fact]
    public async Task ObjectStore_should_list_holders_with_the_first_name_of_their_model()
    {
        var named = await Store.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") });
        var unnamed = await Store.PutAsync(Model(2));
        Store.SetName(ModelName.Parse("albert"), named.Id);
        using var a = Store.Acquire(named.Id, "a");
        using var b = Store.Acquire(unnamed.Id, "b");

        Assert.Equal([ModelName.Parse("albert@1"), null], Store.ListLeases().Select(lease => lease.Name));
        Assert.Equal(Store.ListLeases(), Store.GetStatistics().Holders.AsEnumerable());
    }

    [Fact]
    public async Task ModelLease_should_keep_the_model_for_those_it_is_shared_with()
    {
        var model = await Store.PutAsync(Model(1));
        var first = Store.Acquire(model.Id, "first");
        var second = first.Share("second");
        first.Dispose();

        Assert.Equal([new LeaseInfo(model.Id, "second", Environment.ProcessId, 1)], Store.ListLeases());
        Assert.Throws<ObjectDisposedException>(() => first.Share("third"));
        Assert.Throws<ModelInUseException>(() => Store.Remove(model.Id));
        second.Dispose();
        Store.Remove(model.Id);
    }

    [Fact]
    public async Task ObjectStore_should_refuse_to_remove_a_leased_model_and_say_who_holds_it()
    {
        var handle = await Store.PutAsync(Model(1), new PutOptions { Name = ModelName.Parse("bert") });
        using (Store.Acquire(handle.Id, "actor-7"))
        {
            var error = Assert.Throws<ModelInUseException>(() => Store.Remove(ModelName.Parse("bert")));
            Assert.Contains("actor-7", error.Message, StringComparison.Ordinal);
            Assert.Equal(handle.Id, Store.Resolve(ModelName.Parse("bert")).Id);
        }

        Store.Remove(ModelName.Parse("bert"));
        Assert.Empty(Files("manifests"));
        Assert.Empty(Files("segments"));
        Assert.Empty(Files("names"));
    }

    [Fact]
    public async Task ObjectStore_should_keep_blocks_that_another_model_needs_when_one_is_removed()
    {
        var shared = ArrayTensorSource.Random("shared", 1000, 1);
        var first = await Store.PutAsync(Content(shared, ArrayTensorSource.Random("own", 1000, 2)));
        var second = await Store.PutAsync(Content(shared));
        Store.Remove(first.Id);
        using var lease = Store.Acquire(second.Id, "test");
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(shared.Content));
    }

    [Fact]
    public async Task ObjectStore_should_number_versions_and_resolve_the_newest()
    {
        var name = ModelName.Parse("bert");
        var first = await Store.PutAsync(Model(1), new PutOptions { Name = name });
        var second = await Store.PutAsync(Model(2), new PutOptions { Name = name });
        Assert.Equal("bert@1", first.Name.ToString());
        Assert.Equal("bert@2", second.Name.ToString());
        Assert.Equal(second.Id, Store.Resolve(name).Id);
        Assert.Equal(first.Id, Store.Resolve(ModelName.Parse("bert@1")).Id);
    }

    [Fact]
    public async Task ObjectStore_should_never_change_the_model_of_a_version()
    {
        var name = ModelName.Parse("bert@1");
        var first = await Store.PutAsync(Model(1), new PutOptions { Name = name });
        using (var other = Open())
        {
            var put = await Assert.ThrowsAsync<InvalidModelException>(() => other.PutAsync(Model(2), new PutOptions { Name = name }));
            Assert.Contains($"bert@1 is another model already, {first.Id}", put.Message, StringComparison.Ordinal);
            Assert.Equal(first.Id, Assert.Single(other.List()).Id);
            Assert.Equal(name, (await other.PutAsync(Model(1), new PutOptions { Name = name })).Name);
        }

        var second = await Store.PutAsync(Model(2));
        Assert.Throws<InvalidModelException>(() => Store.SetName(name, second.Id));
        Assert.Equal(first.Id, Store.Resolve(name).Id);

        Store.Remove(name);
        Assert.Equal(name, Store.SetName(name, second.Id));
    }

    [Fact]
    public async Task ObjectStore_should_leave_nothing_behind_when_a_put_is_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var progress = new SynchronousProgress<PutProgress>(p =>
        {
            if (p.WrittenBytes > 0)
            {
                cancel.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.PutAsync(Model(1, 8 << 20), null, progress, cancel.Token));
        Assert.Empty(Files("tmp"));
        Assert.Empty(Files("segments"));
        Assert.Equal(0, Store.GetStatistics().UsedBytes);
    }

    [Fact]
    public async Task ObjectStore_should_leave_nothing_behind_when_a_source_fails()
    {
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync(new ModelContent
        {
            Tensors = [ArrayTensorSource.Random("a", 10, 1), new FailingTensorSource("b")],
            Recipe = new Recipe.Weights("Test", ""),
        }));
        Assert.Empty(Files("tmp"));
        Assert.Empty(Files("segments"));
        Assert.Empty(Files("manifests"));
    }

    [Fact]
    public async Task ObjectStore_should_name_the_blocks_of_a_large_model_by_their_hashes()
    {
        var tensors = Enumerable.Range(0, 40).Select(i => ArrayTensorSource.Random($"{i}", 300_000 + i, i)).ToArray();
        var handle = await Store.PutAsync(Content(tensors));
        Assert.Equal(tensors.Select(t => BlockId.Of(t.Content)), Store.ReadManifest(handle.Id).Tensors.Select(t => t.Block));
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task ObjectStore_should_tell_progress_up_to_the_last_byte()
    {
        var seen = new List<PutProgress>();
        var progress = new SynchronousProgress<PutProgress>(p =>
        {
            lock (seen)
            {
                seen.Add(p);
            }
        });
        await Store.PutAsync(Model(1, 3 << 20), null, progress);
        Assert.Contains(new PutProgress(3 << 20, 3 << 20, 3 << 20), seen);
    }

    private static unsafe void WriteByte(ModelLease lease, byte value)
    {
        using var mapping = lease.MapPrivately();
        var address = mapping.Retain(lease.Manifest.Tensors[0]);
        *(byte*)address = value;
        ModelLease.Release(address);
    }

    private sealed class FailingTime : TimeProvider
    {
        public bool Fails { get; set; }

        public override DateTimeOffset GetUtcNow() => Fails ? throw new IOException("no time") : base.GetUtcNow();
    }
}
