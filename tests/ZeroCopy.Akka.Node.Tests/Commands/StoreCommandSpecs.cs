using ZeroCopy.Manifests;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>The commands around the store, each as a process of its own.</summary>
public sealed class StoreCommandSpecs : IDisposable
{
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public void Commands_should_put_list_show_export_and_remove_a_model()
    {
        var file = _zerocopy.File("weights.safetensors");
        SafetensorsWriter.Write(file, [KeyValuePair.Create("layer.weight", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4], 2, 2))]);

        var put = _zerocopy.Run("put", file, "--name", "tiny", "--json").Succeeded().Json();
        Assert.Equal("tiny@1", put.GetProperty("name").GetString());
        var id = put.GetProperty("id").GetString()!;

        var model = Assert.Single(_zerocopy.Run("ls", "--json").Succeeded().Json().EnumerateArray());
        Assert.Equal(id, model.GetProperty("id").GetString());
        Assert.Contains("tiny@1", _zerocopy.Run("ls").Succeeded().Output, StringComparison.Ordinal);

        _zerocopy.Run("put", file, "--name", "twin").Succeeded();
        var shown = _zerocopy.Run("show", "tiny", "--json").Succeeded().Json();
        var tensor = Assert.Single(shown.GetProperty("tensors").EnumerateArray());
        Assert.Equal("layer.weight", tensor.GetProperty("name").GetString());
        Assert.Contains("layer.weight", _zerocopy.Run("show", id).Succeeded().Output, StringComparison.Ordinal);

        var exported = _zerocopy.File("exported.safetensors");
        _zerocopy.Run("export", "tiny@1", "--output", exported).Succeeded();
        Assert.Equal("F32[2, 2]", Assert.Single(SafetensorsHeader.Read(exported).Tensors).Layout.ToString());

        var statistics = _zerocopy.Run("store", "stat", "--json").Succeeded().Json();
        Assert.Equal(16, statistics.GetProperty("liveBytes").GetInt64());
        Assert.Contains("all sound", _zerocopy.Run("store", "verify").Succeeded().Output, StringComparison.Ordinal);

        _zerocopy.Run("rm", "tiny").Succeeded();
        _zerocopy.Run("rm", "twin").Succeeded();
        _zerocopy.Run("store", "gc", "--json").Succeeded();
        Assert.Empty(_zerocopy.Run("ls", "--json").Succeeded().Json().EnumerateArray());
    }

    [SkippableFact]
    public void Store_stat_should_tell_which_process_holds_a_model()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells who locks a file.");
        var file = _zerocopy.File("weights.safetensors");
        SafetensorsWriter.Write(file, [KeyValuePair.Create("weight", HostTensor.From<float>(DType.Float32, [1], 1))]);
        _zerocopy.Run("put", file, "--name", "tiny").Succeeded();
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _zerocopy.Store });
        using var lease = store.Acquire(store.Resolve(ModelName.Parse("tiny")).Id, "test");

        var statistics = _zerocopy.Run("store", "stat", "--json").Succeeded().Json();
        var holder = Assert.Single(statistics.GetProperty("holders").EnumerateArray());
        Assert.Equal($"process {Environment.ProcessId}", holder.GetProperty("holder").GetString());
        Assert.Equal("tiny@1", holder.GetProperty("model").GetString());
        Assert.Equal(Environment.ProcessId, holder.GetProperty("process").GetInt32());
        Assert.Equal((1, 1), (holder.GetProperty("leases").GetInt32(), statistics.GetProperty("leases").GetInt32()));
        Assert.Contains($"process {Environment.ProcessId}", _zerocopy.Run("store", "stat").Succeeded().Output, StringComparison.Ordinal);

        lease.Dispose();
        Assert.Empty(_zerocopy.Run("store", "stat", "--json").Succeeded().Json().GetProperty("holders").EnumerateArray());
    }

    [Fact]
    public void Commands_should_keep_as_many_versions_as_they_are_told_and_list_what_is_used()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var file = _zerocopy.File($"weights-{seed}.safetensors");
            SafetensorsWriter.Write(file, [KeyValuePair.Create("weight", HostTensor.From<float>(DType.Float32, [seed], 1))]);
            _zerocopy.Run("put", file, "--name", "tiny", "--keep-versions", "2").Succeeded();
        }

        var last = _zerocopy.File("weights-3.safetensors");
        _zerocopy.Run("put", last, "--name", "tiny", "--keep-versions", "-1")
            .Failed(1, "--keep-versions is -1; it must be 0 to 2147483647");
        _zerocopy.Run("put", last, "--name", "tiny", "--keep-versions", "x").Failed(2, "--keep-versions is x");
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _zerocopy.Store });
        using var lease = store.Acquire(store.Resolve(ModelName.Parse("tiny@2")).Id, "test");
        var models = _zerocopy.Run("ls", "--json").Succeeded().Json().EnumerateArray();

        Assert.Equal(
            [("tiny@2", true), ("tiny@3", false)],
            models.Select(model => (model.GetProperty("names")[0].GetString(), model.GetProperty("inUse").GetBoolean())));
        Assert.Contains("in use", _zerocopy.Run("ls").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_should_say_what_to_do_when_a_model_or_file_is_missing()
    {
        ObjectStore.Open(new ObjectStoreOptions { Directory = _zerocopy.Store }).Dispose();
        _zerocopy.Run("show", "nothing").Failed(1, "nothing", "zerocopy ls");
        _zerocopy.Run("rm", "nothing@3").Failed(1, "nothing@3", "zerocopy ls");
        _zerocopy.Run("show", "no/name").Failed(2, "no/name");
        _zerocopy.Run("show", "tiny@0").Failed(1, "The version of 'tiny@0' must be 1 to 2147483647.");
        _zerocopy.Run("put", _zerocopy.File("absent.pt"), "--name", "absent").Failed(1, "absent.pt", "Check the path");
        _zerocopy.Run("export", "nothing", "--output", "weights.bin").Failed(1, ".safetensors");
        Assert.Contains(
            $"The store in {_zerocopy.Store} is empty", _zerocopy.Run("ls").Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("ls --json")]
    [InlineData("show detector")]
    [InlineData("rm detector")]
    [InlineData("export detector --output FOLDER/weights.safetensors")]
    [InlineData("store stat")]
    [InlineData("store verify")]
    [InlineData("store gc --unnamed")]
    [InlineData("predict detector")]
    [InlineData("batch detector --input FOLDER/rows.csv --output FOLDER/answers.csv")]
    [InlineData("push detector --node 127.0.0.1:1")]
    public void Commands_should_make_no_store_where_they_put_nothing(string command)
    {
        using var zerocopy = new LocalZerocopy();
        var typo = zerocopy.File("stroe");
        var used = Directory.CreateDirectory(zerocopy.File("used")).FullName;
        var file = Directory.CreateDirectory(Path.Combine(used, "tmp")).FullName + "/kept";
        File.WriteAllText(file, "");
        File.WriteAllText(zerocopy.File("rows.csv"), "a\n1\n");
        var words = command.Replace("FOLDER", Path.GetDirectoryName(typo), StringComparison.Ordinal).Split(' ');

        zerocopy.Run([.. words, "--store", typo]).Failed(1, $"There is no store in {typo}: 'zerocopy put' makes one.");
        zerocopy.Run([.. words, "--store", used]).Failed(1, $"There is no store in {used}: 'zerocopy put' makes one.");

        Assert.False(Directory.Exists(typo));
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(used, "*", SearchOption.AllDirectories).Where(File.Exists));
    }

    [Fact]
    public void Commands_should_make_no_store_where_the_environment_names_none()
    {
        _zerocopy.Run("ls").Failed(1, $"There is no store in {_zerocopy.Store}");

        Assert.False(Directory.Exists(_zerocopy.Store));
    }

    [Fact]
    public void Put_should_refuse_a_folder_that_has_other_files()
    {
        using var zerocopy = new LocalZerocopy();
        var file = zerocopy.File("weights.safetensors");
        SafetensorsWriter.Write(file, [KeyValuePair.Create("weight", HostTensor.From<float>(DType.Float32, [1], 1))]);

        zerocopy.Run("put", file, "--name", "tiny", "--store", Path.GetDirectoryName(file)!)
            .Failed(1, "is no store and is not empty", "--store or ZEROCOPY_STORE");
    }

    [Fact]
    public void Commands_should_name_the_models_that_a_flipped_byte_hurts()
    {
        var file = _zerocopy.File("weights.safetensors");
        SafetensorsWriter.Write(file, [KeyValuePair.Create(
            "w", HostTensor.From<float>(DType.Float32, Enumerable.Range(0, 64).Select(value => (float)value).ToArray(), 64))]);
        _zerocopy.Run("put", file, "--name", "hurt").Succeeded();
        var segment = Directory.EnumerateFiles(_zerocopy.Store, "*.safetensors", SearchOption.AllDirectories).First();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(segment, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using (var stream = File.Open(segment, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.Seek(-1, SeekOrigin.End);
            stream.WriteByte(0xAA);
        }

        var verified = _zerocopy.Run("store", "verify");

        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("hurt@1", verified.Output, StringComparison.Ordinal);
    }
}
