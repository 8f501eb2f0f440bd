using System.Diagnostics;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Files;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store.Files;

[Collection(nameof(MappedMemory))]
public sealed class StoreDirectorySpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public void StoreDirectory_should_refuse_a_directory_of_another_user()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can give a directory away.");
        var foreign = Directory.CreateDirectory(_directory.File("foreign")).FullName;
        Skip.IfNot(Run("chown", "65534", foreign), "chown is not allowed here.");
        var error = Assert.Throws<StoreUnavailableException>(() => ObjectStore.Open(new ObjectStoreOptions { Directory = foreign }));
        Assert.Contains("65534", error.Message, StringComparison.Ordinal);
        Assert.Contains("zerocopy.object-store.directory", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(foreign));
    }

    [Theory]
    [InlineData("tmp/kept.txt")]
    [InlineData("segments/kept.safetensors")]
    [InlineData("kept.txt")]
    public void StoreDirectory_should_refuse_a_folder_of_other_files_and_leave_it_as_it_is(string name)
    {
        var folder = Directory.CreateDirectory(_directory.File("other")).FullName;
        var file = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "kept");
        var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(folder);

        var error = Assert.Throws<StoreUnavailableException>(() => ObjectStore.Open(new ObjectStoreOptions { Directory = folder }));

        Assert.StartsWith(
            $"{folder} is no store and is not empty (it has '{name.Split('/')[0]}')", error.Message, StringComparison.Ordinal);
        Assert.Equal([file], Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));
        Assert.Equal(Path.GetDirectoryName(file) == folder ? 0 : 1, Directory.EnumerateDirectories(folder).Count());
        Assert.Equal(mode, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("below")]
    public void StoreDirectory_should_name_a_file_that_stands_where_a_folder_should(string below)
    {
        var file = _directory.File("file");
        File.WriteAllText(file, "kept");

        var error = Assert.Throws<StoreUnavailableException>(
            () => ObjectStore.Open(new ObjectStoreOptions { Directory = Path.Combine(file, below) }));

        Assert.StartsWith($"'{file}' is a file, and a store is a folder", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("store.4711.json")]
    [InlineData("lost+found/")]
    public void StoreDirectory_should_make_a_store_where_another_process_began_one_or_a_volume_is_new(string name)
    {
        var folder = Directory.CreateDirectory(_directory.File("begun")).FullName;
        if (name.EndsWith('/'))
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
        else
        {
            File.WriteAllText(Path.Combine(folder, name), "");
        }

        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = folder });

        Assert.Empty(store.List());
    }

    [Fact]
    public void StoreDirectory_should_be_one_store_for_all_who_make_it_at_the_same_time()
    {
        const int Makers = 4;
        for (var round = 0; round < 50; round++)
        {
            var folder = _directory.File($"new-{round}");
            using var start = new Barrier(Makers);
            var ids = new string[Makers];
            var makers = Enumerable.Range(0, Makers).Select(maker => new Thread(() =>
            {
                start.SignalAndWait();
                ids[maker] = StoreDirectory.Prepare(folder).Id;
            })).ToArray();
            Array.ForEach(makers, maker => maker.Start());
            Array.ForEach(makers, maker => maker.Join());

            Assert.Single(ids.Distinct());
        }
    }

    [SkippableFact]
    public async Task Store_should_say_that_the_file_system_is_full_and_leave_nothing_behind()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can mount.");
        var mount = Directory.CreateDirectory(_directory.File("small")).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount), "Mounting is not allowed here.");
        try
        {
            using var store = ObjectStore.Open(
                new ObjectStoreOptions { Directory = Path.Combine(mount, "store"), CapacityBytes = 64 << 20 });

            // Room at admission, none any more while the put writes.
            var filler = Path.Combine(mount, "filler");
            var sneaky = new ProbeTensorSource("weight", 5 << 20, () => File.WriteAllBytes(filler, new byte[5 << 20]));
            var error = await Assert.ThrowsAsync<StoreFullException>(() => store.PutAsync(
                new ModelContent { Tensors = [sneaky], Recipe = new Recipe.Weights("Test", "") }));
            Assert.Contains(mount, error.Message, StringComparison.Ordinal);
            Assert.Equal(0, store.GetStatistics().UsedBytes);
            File.Delete(filler);
            await store.PutAsync(
                new ModelContent { Tensors = [ArrayTensorSource.Random("a", 1 << 20, 1)], Recipe = new Recipe.Weights("Test", "") });
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [SkippableFact]
    public async Task Store_should_not_promise_the_room_of_a_put_under_way_to_another()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can mount.");
        var mount = Directory.CreateDirectory(_directory.File("small")).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount), "Mounting is not allowed here.");
        try
        {
            using var store = ObjectStore.Open(
                new ObjectStoreOptions { Directory = Path.Combine(mount, "store"), CapacityBytes = 64 << 20 });
            var second = new ModelContent
            {
                Tensors = [ArrayTensorSource.Random("b", 5 << 20, 1)],
                Recipe = new Recipe.Weights("Test", ""),
            };
            StoreFullException? refused = null;
            var first = new ProbeTensorSource("a", 5 << 20, () => refused = Assert.Throws<StoreFullException>(
                () => store.PutAsync(second, new PutOptions { Deadline = TimeSpan.Zero }).GetAwaiter().GetResult()));
            await store.PutAsync(new ModelContent { Tensors = [first], Recipe = new Recipe.Weights("Test", "") });
            Assert.InRange(refused!.FreeBytes, 0, 3 << 20);
            Assert.Contains(mount, refused.Message, StringComparison.Ordinal);
            Assert.Single(store.List());
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [SkippableFact]
    public void StoreDirectory_should_refuse_a_directory_that_it_cannot_write()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Rights and mounts are those of Linux.");
        var folder = Directory.CreateDirectory(_directory.File("sealed")).FullName;
        // Rights do not stop root; a read-only mount does.
        var mounted = Environment.IsPrivilegedProcess;
        Skip.IfNot(
            mounted ? Run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder) : Run("chmod", "500", folder),
            "Mounting is not allowed here.");

        try
        {
            foreach (var directory in new[] { folder, Path.Combine(folder, "store") })
            {
                var error = Assert.Throws<StoreUnavailableException>(
                    () => ObjectStore.Open(new ObjectStoreOptions { Directory = directory }));
                Assert.Contains(directory, error.Message, StringComparison.Ordinal);
                Assert.Contains("zerocopy.object-store.directory", error.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            if (mounted)
            {
                Run("umount", folder);
            }
        }
    }

    [SkippableFact]
    public async Task Store_should_name_dockers_default_when_shared_memory_is_tiny()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can mount.");
        Skip.IfNot(_directory.Path.StartsWith("/dev/shm", StringComparison.Ordinal), "No /dev/shm here.");
        var mount = Directory.CreateDirectory(_directory.File("tiny")).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount), "Mounting is not allowed here.");
        try
        {
            using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = Path.Combine(mount, "store") });
            var error = await Assert.ThrowsAsync<StoreFullException>(() => store.PutAsync(
                new ModelContent { Tensors = [ArrayTensorSource.Random("a", 2 << 20, 1)], Recipe = new Recipe.Weights("Test", "") }));
            Assert.Equal("--shm-size", error.Setting);
            Assert.Contains("--shm-size", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Run("umount", mount);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
