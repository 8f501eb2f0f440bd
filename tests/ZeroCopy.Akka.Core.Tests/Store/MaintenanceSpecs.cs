using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

public sealed class MaintenanceSpecs : StoreFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Verifier_should_find_a_sound_store_sound()
    {
        await Store.PutAsync(Content(ArrayTensorSource.Random("a", 1000, 1), ArrayTensorSource.Random("b", 3 << 20, 2)));
        var report = await Store.VerifyAsync();
        Assert.Equal(2, report.CheckedBlocks);
        Assert.Equal((3 << 20) + 1000, report.CheckedBytes);
        Assert.Empty(report.Damaged);
        Assert.Empty(report.UnreadableFiles);
    }

    [Fact]
    public async Task Verifier_should_name_block_segment_and_models_when_a_byte_is_flipped()
    {
        var shared = ArrayTensorSource.Random("shared", 1000, 1);
        var first = await Store.PutAsync(Content(shared));
        var second = await Store.PutAsync(Content(shared, ArrayTensorSource.Random("other", 10, 2)));
        var path = Path.Combine(
            Root, "segments", Files("segments").Single(f => new FileInfo(Path.Combine(Root, "segments", f)).Length > 1000));
        Overwrite(path, bytes => bytes[^1] ^= 1);
        var damaged = Assert.Single((await Store.VerifyAsync()).Damaged);
        Assert.Equal(Store.ReadManifest(first.Id).Tensors[0].Block, damaged.Block);
        Assert.Equal(Path.GetFileName(path), damaged.Segment);
        Assert.Equal(new[] { first.Id, second.Id }.Order(), damaged.Models);
    }

    [Fact]
    public async Task Verifier_should_name_a_block_of_zeros_whose_segment_was_shortened()
    {
        await Store.PutAsync(Content(new ArrayTensorSource("zeros", new TensorLayout(DType.UInt8, 1000), new byte[1000])));
        var path = SegmentPath();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using (var file = File.OpenHandle(path, access: FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, RandomAccess.GetLength(file) - 1);
        }

        Assert.Equal(Path.GetFileName(path), Assert.Single((await Store.VerifyAsync()).Damaged).Segment);
    }

    [Fact]
    public async Task Store_should_open_and_serve_the_rest_when_files_are_corrupt()
    {
        var good = await Store.PutAsync(Model(1));
        File.WriteAllBytes(Path.Combine(Root, "segments", "bad.safetensors"), [1, 2, 3]);
        File.WriteAllText(Path.Combine(Root, "manifests", new string('0', 64) + ".json"), "{}");
        var renamed = Path.Combine(Root, "manifests", new string('1', 64) + ".json");
        File.Copy(Path.Combine(Root, "manifests", good.Id + ".json"), renamed);
        using var again = Open();
        again.Acquire(good.Id, "test").Dispose();
        var report = await again.VerifyAsync();
        Assert.Equal(3, report.UnreadableFiles.Length);
        Assert.Contains(report.UnreadableFiles, line => line.Contains("bad.safetensors", StringComparison.Ordinal));
        Assert.Contains(
            report.UnreadableFiles,
            line => line.Contains(renamed, StringComparison.Ordinal) && line.Contains(good.Id.ToString(), StringComparison.Ordinal));
        Assert.Contains(Log, line => line.Contains("bad.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Collector_should_delete_damaged_files_with_their_names()
    {
        var good = await Store.PutAsync(
            Content(ArrayTensorSource.Random("good", 1000, 1)), new PutOptions { Name = new ModelName("good") });
        var segment = SegmentPath();
        var bad = await Store.PutAsync(Content(ArrayTensorSource.Random("bad", 5000, 2)), new PutOptions { Name = new ModelName("bad") });
        Store.Dispose();
        foreach (var file in (string[])[Directory.GetFiles(Path.GetDirectoryName(segment)!).Single(file => file != segment), Manifest(bad)])
        {
            Overwrite(file, bytes => bytes.AsSpan(0, 8).Fill((byte)'x'));
        }

        using var again = Open();
        var before = again.GetStatistics();
        Assert.True(before.DeadBytes >= 5000 && before.UsedBytes == before.LiveBytes + before.DeadBytes);
        Assert.Contains((await again.VerifyAsync()).UnreadableFiles, line => line.EndsWith("It was bad@1.", StringComparison.Ordinal));
        Assert.Contains(
            "has lost the manifest of bad@1",
            Assert.Throws<ModelNotFoundException>(() => again.Resolve(new ModelName("bad"))).Message,
            StringComparison.Ordinal);

        var report = await again.CollectAsync();

        Assert.Equal(2, report.RemovedFiles);
        Assert.True(report.FreedBytes >= 5000);
        var after = await again.VerifyAsync();
        Assert.Empty(after.UnreadableFiles);
        Assert.Empty(after.Damaged);
        Assert.Equal("good@1", Assert.Single(again.ListNames()).Name.ToString());
        Assert.Equal(1, again.GetStatistics().Names);
        again.Acquire(good.Id, "test").Dispose();
        Assert.Equal(bad.Id, (await again.PutAsync(Content(ArrayTensorSource.Random("bad", 5000, 2)))).Id);
        again.Acquire(bad.Id, "test").Dispose();
    }

    [Fact]
    public async Task Store_should_serve_a_model_that_another_one_put_in_the_place_of_a_damaged_manifest()
    {
        var model = await Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("model") });
        Store.Dispose();
        File.WriteAllText(Manifest(model), "{");
        using var other = Open();
        using var again = Open();
        Assert.Single((await other.VerifyAsync()).UnreadableFiles);

        await again.PutAsync(Model(1), new PutOptions { Name = new ModelName("model") });

        foreach (var store in new[] { again, other })
        {
            Assert.Equal(0, (await store.CollectAsync()).RemovedFiles);
            Assert.Empty((await store.VerifyAsync()).UnreadableFiles);
            store.Acquire(model.Id, "test").Dispose();
        }
    }

    [Fact]
    public async Task Store_should_serve_a_model_whose_damaged_manifest_was_restored()
    {
        var shared = ArrayTensorSource.Random("shared", 1000, 1);
        var model = await Store.PutAsync(Content(shared));
        await Store.PutAsync(Content(shared, ArrayTensorSource.Random("other", 10, 2)));
        Store.Dispose();
        var manifest = File.ReadAllBytes(Manifest(model));
        File.WriteAllText(Manifest(model), "{");
        using var again = Open();
        Assert.Single((await again.VerifyAsync()).UnreadableFiles);

        File.WriteAllBytes(Manifest(model), manifest);

        Assert.Equal(0, (await again.CollectAsync()).RemovedFiles);
        again.Acquire(model.Id, "test").Dispose();
    }

    [Fact]
    public async Task Collector_should_delete_a_damaged_copy_beside_a_manifest_and_leave_its_model_alone()
    {
        var good = await Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("good") });
        Store.Dispose();
        File.WriteAllText(Path.ChangeExtension(Manifest(good), ".old"), "{");
        using var again = Open();

        Assert.Equal(1, (await again.CollectAsync()).RemovedFiles);

        Assert.Equal(good.Id, again.Resolve(new ModelName("good")).Id);
        again.Acquire(good.Id, "test").Dispose();
        Assert.Single(Files("manifests"));
    }

    [Fact]
    public async Task Store_should_give_the_room_of_damaged_segments_to_a_put_before_it_evicts_models()
    {
        var kept = await Store.PutAsync(Content(ArrayTensorSource.Random("kept", 3000, 1)));
        Store.Dispose();
        File.WriteAllBytes(Path.Combine(Root, "segments", "bad.safetensors"), new byte[50_000]);
        using var again = Open(options => options with { CapacityBytes = 55_000, PutDeadline = TimeSpan.Zero });

        var put = await again.PutAsync(Content(ArrayTensorSource.Random("put", 20_000, 2)));

        Assert.Equal(new[] { kept.Id, put.Id }.Order(), again.List().Select(model => model.Id).Order());
    }

    [Fact]
    public async Task Store_should_remove_a_name_whose_manifest_is_damaged_or_lost()
    {
        var damaged = await Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("damaged") });
        var lost = await Store.PutAsync(Model(2), new PutOptions { Name = new ModelName("lost") });
        Store.Dispose();
        Overwrite(Manifest(damaged), bytes => bytes[0] = (byte)'x');
        File.Delete(Manifest(lost));
        using var again = Open();

        Assert.Equal([damaged.Id], again.Remove(new ModelName("damaged")));
        Assert.Equal([lost.Id], again.Remove(new ModelName("lost")));

        Assert.Empty(Files("manifests"));
        Assert.Empty(Files("names"));
        Assert.Empty((await again.VerifyAsync()).UnreadableFiles);
    }

    [SkippableTheory]
    [InlineData("segments")]
    [InlineData("manifests")]
    public async Task Store_should_read_a_file_that_could_not_be_read_before(string folder)
    {
        Skip.If(OperatingSystem.IsWindows(), "A link needs rights there.");
        var handle = await Store.PutAsync(Model(1), new PutOptions { Name = new ModelName("model") });
        Store.Dispose();
        var file = Directory.GetFiles(Path.Combine(Root, folder)).Single();
        var elsewhere = Path.Combine(Root, "elsewhere");
        File.Move(file, elsewhere);
        File.CreateSymbolicLink(file, elsewhere + ".not-yet");
        using var again = Open();
        Assert.Single((await again.VerifyAsync()).UnreadableFiles);
        Assert.Equal(0, (await again.CollectAsync()).RemovedFiles);

        File.Move(elsewhere, elsewhere + ".not-yet");

        Assert.Empty((await again.VerifyAsync()).UnreadableFiles);
        again.Acquire(again.Resolve(new ModelName("model")).Id, "test").Dispose();
        Assert.Equal(handle.Id, again.Resolve(new ModelName("model")).Id);
    }

    [Fact]
    public async Task Verifier_should_report_a_block_whose_segment_is_gone()
    {
        var handle = await Store.PutAsync(Model(1));
        Store.Dispose();
        File.Delete(SegmentPath());
        using var again = Open();
        var damaged = Assert.Single((await again.VerifyAsync()).Damaged);
        Assert.Null(damaged.Segment);
        Assert.Equal(handle.Id, Assert.Single(damaged.Models));
        Assert.Throws<InvalidModelException>(() => again.Acquire(handle.Id, "test"));
        Assert.Equal(handle.Id, (await again.PutAsync(Model(1))).Id);
        again.Acquire(handle.Id, "test").Dispose();
    }

    [Fact]
    public async Task Collector_should_repack_segments_that_are_mostly_dead()
    {
        var kept = ArrayTensorSource.Random("kept", 1000, 1);
        var big = await Store.PutAsync(Content(kept, ArrayTensorSource.Random("big", 1 << 20, 2)));
        var small = await Store.PutAsync(Content(kept));
        Store.Remove(big.Id);
        var report = await Store.CollectAsync();
        Assert.Equal(1, report.RepackedSegments);
        Assert.True(report.FreedBytes >= 1 << 20);
        Assert.True(Store.GetStatistics().UsedBytes < 4096);
        using var lease = Store.Acquire(small.Id, "test");
        Assert.True(lease.Bytes(lease.Manifest.Tensors[0].Block).SequenceEqual(kept.Content));
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task Collector_should_leave_a_mapped_segment_alone()
    {
        var kept = ArrayTensorSource.Random("kept", 1000, 1);
        var big = await Store.PutAsync(Content(kept, ArrayTensorSource.Random("big", 1 << 20, 2)));
        var small = await Store.PutAsync(Content(kept));
        Store.Remove(big.Id);
        using (Store.Acquire(small.Id, "test"))
        {
            Assert.Equal(0, (await Store.CollectAsync()).RepackedSegments);
        }

        Assert.Equal(1, (await Store.CollectAsync()).RepackedSegments);
    }

    [Fact]
    public async Task Repacker_should_keep_nobody_from_the_store_while_it_copies()
    {
        var (_, small) = await MostlyDeadAsync();
        var other = await Store.PutAsync(Model(3));

        var report = await RepackAsync(Store, () =>
        {
            Store.Acquire(other.Id, "test").Dispose();
            return Task.CompletedTask;
        });

        Assert.Equal(1, report.RepackedSegments);
        Store.Acquire(small.Id, "test").Dispose();
        Assert.Empty((await Store.VerifyAsync()).Damaged);
    }

    [Fact]
    public async Task Repacker_should_leave_a_segment_of_which_a_put_uses_more_meanwhile()
    {
        var (big, small) = await MostlyDeadAsync();

        var report = await RepackAsync(Store, () => Store.PutAsync(big));

        Assert.Equal(0, report.RepackedSegments);
        Store.Acquire(small.Id, "test").Dispose();
        Assert.Empty((await Store.VerifyAsync()).Damaged);
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Repacker_should_leave_a_segment_that_is_mapped_meanwhile()
    {
        var (_, small) = await MostlyDeadAsync();
        ModelLease? lease = null;

        var report = await RepackAsync(Store, () =>
        {
            lease = Store.Acquire(small.Id, "test");
            return Task.CompletedTask;
        });

        Assert.Equal(0, report.RepackedSegments);
        lease!.Dispose();
        Assert.Equal(1, (await Store.CollectAsync()).RepackedSegments);
    }

    [Fact]
    public async Task Collector_should_delete_a_segment_whose_models_go_while_it_is_repacked()
    {
        var (_, small) = await MostlyDeadAsync();

        var report = await RepackAsync(Store, () =>
        {
            Store.Remove(small.Id);
            return Task.CompletedTask;
        });

        Assert.Equal((0, 1), (report.RepackedSegments, report.RemovedFiles));
        Assert.True(report.FreedBytes >= 1 << 20);
        Assert.Empty(Files("segments"));
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Put_should_wait_for_what_is_repacked_before_it_evicts_models()
    {
        var (_, small) = await MostlyDeadAsync();
        var other = await Store.PutAsync(Model(3));
        using var store = Open(options => options with { CapacityBytes = 3 << 19 });
        var put = Task.FromResult(small);

        await RepackAsync(store, async () =>
        {
            put = store.PutAsync(Model(4, 1 << 20));
            while (!put.IsCompleted && store.GetStatistics().WaitingPuts == 0)
            {
                await Task.Yield();
            }
        });

        ModelId[] expected = [small.Id, other.Id, (await put).Id];
        Assert.Equal(expected.Order(), store.List().Select(model => model.Id).Order());
    }

    [Fact]
    public async Task Put_should_evict_models_at_its_deadline_though_a_segment_is_repacked()
    {
        await MostlyDeadAsync();
        var other = await Store.PutAsync(Model(3, 1 << 19));
        using var store = Open(options => options with { CapacityBytes = 2 << 20 });

        await RepackAsync(store, () => store.PutAsync(Model(4, 3 << 18), new PutOptions { Deadline = TimeSpan.Zero }));

        Assert.DoesNotContain(store.List(), model => model.Id == other.Id);
    }

    [Fact]
    public async Task Collector_should_end_as_cancelled_when_the_store_is_disposed_meanwhile()
    {
        await MostlyDeadAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => RepackAsync(Store, () =>
        {
            Store.Dispose();
            return Task.CompletedTask;
        }));

        Assert.Single(Files("segments"));
        Assert.Empty(Files("tmp"));
    }

    [Fact]
    public async Task Verifier_should_end_as_cancelled_when_the_store_is_disposed_meanwhile()
    {
        // More segments than it opens at once.
        for (var seed = 0; seed < 65; seed++)
        {
            await Store.PutAsync(Model(seed));
        }

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => Store.VerifyAsync(new SynchronousProgress<long>(_ => Store.Dispose())));
    }

    [Fact]
    public async Task Collector_should_remove_unnamed_models_only_when_asked()
    {
        var unnamed = await Store.PutAsync(Model(1));
        var named = await Store.PutAsync(Model(2), new PutOptions { Name = ModelName.Parse("kept") });
        Assert.Equal(0, (await Store.CollectAsync()).RemovedModels);
        Assert.Equal(1, (await Store.CollectAsync(unnamed: true)).RemovedModels);
        Assert.Throws<ModelNotFoundException>(() => Store.Resolve(unnamed.Id));
        Assert.Equal(named.Id, Store.Resolve(named.Id).Id);
    }

    [Fact]
    public async Task Collector_should_free_a_removed_models_segment_once_its_tensors_are_released()
    {
        var handle = await Store.PutAsync(Model(1));
        var lease = Store.Acquire(handle.Id, "test");
        var address = lease.Retain(lease.Manifest.Tensors[0].Block);
        lease.Dispose();
        Store.Remove(handle.Id);
        Assert.Single(Files("segments"));
        ModelLease.Release(address);
        Assert.Equal(1, (await Store.CollectAsync()).RemovedFiles);
        Assert.Empty(Files("segments"));
    }

    [Fact]
    public void Store_should_sweep_what_dead_processes_left_when_it_is_opened()
    {
        File.WriteAllBytes(Path.Combine(Root, "tmp", "left.safetensors"), new byte[100]);
        using var again = Open();
        Assert.Empty(Files("tmp"));
        Assert.Contains(Log, line => line.Contains("left.safetensors", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Store_should_write_segments_that_nobody_may_write_to()
    {
        await Store.PutAsync(Model(1));
        Skip.If(OperatingSystem.IsWindows(), "Windows has no mode bits.");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(SegmentPath()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Root));
    }

    [Fact]
    public void Store_should_refuse_a_newer_layout()
    {
        File.WriteAllText(Path.Combine(Root, "store.json"), "{\"layout\":99}");
        Assert.Contains("layout 99", Assert.Throws<StoreUnavailableException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_should_refuse_a_path_that_is_a_file()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("taken"), "");
        var options = new ObjectStoreOptions { Directory = directory.File("taken") };
        Assert.Contains(
            "ZEROCOPY_STORE", Assert.Throws<StoreUnavailableException>(() => ObjectStore.Open(options)).Message, StringComparison.Ordinal);
    }

    /// <summary>A segment whose larger block no model refers to: the model that did, and the one that uses the rest.</summary>
    private async Task<(ModelContent Gone, ModelHandle Left)> MostlyDeadAsync()
    {
        var kept = ArrayTensorSource.Random("kept", 1000, 1);
        var gone = Content(kept, ArrayTensorSource.Random("big", 1 << 20, 2));
        var big = await Store.PutAsync(gone);
        var left = await Store.PutAsync(Content(kept));
        Store.Remove(big.Id);
        return (gone, left);
    }

    /// <summary>Repacks, and does something else on another thread while bytes are copied.</summary>
    private static Task<CollectReport> RepackAsync(ObjectStore store, Func<Task> meanwhile) => store.CollectAsync(
        unnamed: false,
        new SynchronousProgress<PutProgress>(_ => Task.Run(meanwhile).WaitAsync(Patience).GetAwaiter().GetResult()),
        default);

    private static void Overwrite(string path, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(path);
        change(bytes);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.WriteAllBytes(path, bytes);
    }

    private string Manifest(ModelHandle model) => Path.Combine(Root, "manifests", model.Id + ".json");
}
