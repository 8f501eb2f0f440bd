using System.Diagnostics;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Tests.Commands;

public sealed class PutCommandSpecs : IDisposable
{
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Theory]
    [InlineData("noise.safetensors", "this is no safetensors file at all")]
    [InlineData("pickle.pt", "\u0080\u0002}q\u0000.")]
    public void Put_should_name_the_file_and_leave_the_store_clean_when_it_is_no_model(string name, string content)
    {
        File.WriteAllText(_zerocopy.File(name), content, System.Text.Encoding.Latin1);

        _zerocopy.Run("put", _zerocopy.File(name), "--name", "bad").Failed(1, name);

        AssertClean();
    }

    [Fact]
    public void Put_should_say_once_which_tensors_of_a_checkpoint_it_left_out()
    {
        using var bert = new BertModel(
            new BertConfiguration { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, IntermediateSize = 4, MaxPositions = 4 });
        var folder = Directory.CreateDirectory(_zerocopy.File("bert")).FullName;
        File.WriteAllText(
            Path.Combine(folder, "config.json"),
            """
            {"model_type": "bert", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
             "intermediate_size": 4, "max_position_embeddings": 4}
            """);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
        [
            .. bert.state_dict().Select(pair => KeyValuePair.Create("bert." + pair.Key, pair.Value.ToHost())),
            KeyValuePair.Create("classifier.bias", HostTensor.From<float>(DType.Float32, [1, 2], 2)),
        ]);

        var put = _zerocopy.Run("put", folder, "--name", "bert").Succeeded();

        var said = Assert.Single(put.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("left out 1 tensor that the model does not use: classifier.bias.", said, StringComparison.Ordinal);
        Assert.Equal("classifier.bias", Assert.Single(
            _zerocopy.Run(
                "put", folder, "--name", "bert", "--json").Succeeded().Json().GetProperty("leftOut").EnumerateArray()).GetString());
        File.WriteAllText(_zerocopy.File("ids.json"), """{"input_ids": [[1, 7, 2]]}""");
        Assert.Equal(["last_hidden_state", "pooler_output"], _zerocopy.Run(
            "predict", "bert", "--input", _zerocopy.File("ids.json")).Succeeded().Json().EnumerateObject().Select(output => output.Name));
        File.WriteAllText(_zerocopy.File("ids.json"), """{"input_ids": [[1, 8, 2]]}""");
        _zerocopy.Run("predict", "bert", "--input", _zerocopy.File("ids.json"))
            .Failed(1, "ids.json", "input_ids holds 8", "vocab_size is 8");
    }

    [Fact]
    public void Put_and_predict_should_take_a_model_type_of_an_assembly_that_is_named()
    {
        var folder = Directory.CreateDirectory(_zerocopy.File("own")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "own-linear", "inputs": 2, "outputs": 1}""");
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                KeyValuePair.Create("layer.weight", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2)),
                KeyValuePair.Create("layer.bias", HostTensor.From<float>(DType.Float32, [3], 1)),
            ]);
        File.WriteAllText(_zerocopy.File("ones.json"), "[[1.0, 1.0]]");

        _zerocopy.Run("put", folder, "--name", "own").Failed(1, "--models");
        _zerocopy.Run("put", folder, "--name", "own", "--models", _zerocopy.File("absent.dll")).Failed(1, "absent.dll");
        _zerocopy.Run("put", folder, "--name", "own", "--models", OwnModels.Path).Succeeded();
        _zerocopy.Run("predict", "own", "--input", _zerocopy.File("ones.json")).Failed(1, "--models");
        var answer = _zerocopy.Run("predict", "own", "--input", _zerocopy.File("ones.json"), "--models", OwnModels.Path).Succeeded().Json();

        Assert.Equal(6, answer.GetProperty("output").GetProperty("data")[0][0].GetDouble());
    }

    [Fact]
    public void Put_and_show_should_print_no_control_characters_of_a_file_and_not_take_its_keys_for_ours()
    {
        SafetensorsWriter.Write(
            _zerocopy.File("odd.safetensors"),
            [KeyValuePair.Create("a", HostTensor.From<float>(DType.Float32, [1, 2], 2))],
            new Dictionary<string, string> { ["colour\u009b"] = "one\u001b[31mred\u202e", ["checkpoint.left-out"] = "a\nb" });

        var put = _zerocopy.Run("put", _zerocopy.File("odd.safetensors"), "--name", "odd").Succeeded();
        var shown = _zerocopy.Run("show", "odd").Succeeded().Output;

        Assert.Empty(put.Error);
        Assert.Contains("colour\\u009b: one\\u001b[31mred\\u202e", shown, StringComparison.Ordinal);
        Assert.Contains("file.checkpoint.left-out: a, b", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shown, c => char.IsControl(c) && c is not ('\n' or '\r'));
        Assert.Equal(
            "one\u001b[31mred\u202e",
            _zerocopy.Run("show", "odd", "--json").Succeeded().Json().GetProperty("metadata").GetProperty("colour\u009b").GetString());
    }

    [SkippableFact]
    public void Put_should_end_with_1_and_leave_nothing_when_it_is_terminated()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        var file = _zerocopy.File("big.safetensors");
        WriteZeros(file, tensors: 16, megabytes: 64);
        ObjectStore.Open(new ObjectStoreOptions { Directory = _zerocopy.Store }).Dispose();
        using var writing = new ManualResetEventSlim();
        using var watcher = new FileSystemWatcher(Path.Combine(_zerocopy.Store, "tmp"));
        watcher.Created += (_, _) => writing.Set();
        watcher.EnableRaisingEvents = true;

        using var put = _zerocopy.Start("put", file, "--name", "big");
        Assert.True(writing.Wait(TimeSpan.FromMinutes(1)));
        using (var kill = Process.Start("kill", ["-TERM", $"{put.Id}"]))
        {
            kill.WaitForExit();
        }

        Zerocopy.Finish(put).Failed(1, "cancelled");
        AssertClean();
    }

    [SkippableFact]
    public void Put_should_say_that_the_disk_is_full_and_leave_the_store_clean()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can mount.");
        var mount = Directory.CreateDirectory(_zerocopy.File("small")).FullName;
        Skip.IfNot(Finished("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount), "Mounting is not allowed here.");
        try
        {
            var (store, filler) = (Path.Combine(mount, "store"), Path.Combine(mount, "filler"));
            WriteZeros(_zerocopy.File("small.safetensors"), tensors: 1, megabytes: 1);
            WriteZeros(_zerocopy.File("big.safetensors"), tensors: 3, megabytes: 1);
            _zerocopy.Run("put", _zerocopy.File("small.safetensors"), "--name", "small", "--store", store).Succeeded();
            var before = Directory.GetFiles(store, "*", SearchOption.AllDirectories);
            Fill(filler);

            _zerocopy.Run("put", _zerocopy.File("big.safetensors"), "--name", "big", "--store", store).Failed(1, store, "no room");

            Assert.Equal(before, Directory.GetFiles(store, "*", SearchOption.AllDirectories));
            Assert.Contains("all sound", _zerocopy.Run("store", "verify", "--store", store).Succeeded().Output, StringComparison.Ordinal);
            _zerocopy.Run("rm", "small", "--store", store).Succeeded();
            File.Delete(filler);
            _zerocopy.Run("put", _zerocopy.File("big.safetensors"), "--name", "big", "--store", store).Succeeded();
        }
        finally
        {
            Finished("umount", mount);
        }
    }

    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var page = new byte[4096];
        try
        {
            for (var offset = 0L; ; offset += page.Length)
            {
                RandomAccess.Write(file, page, offset);
            }
        }
        catch (IOException)
        {
            // No page is left.
            return;
        }
    }

    private static bool Finished(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private void AssertClean()
    {
        Assert.Empty(_zerocopy.Run("ls", "--json").Succeeded().Json().EnumerateArray());
        var statistics = _zerocopy.Run("store", "stat", "--json").Succeeded().Json();
        Assert.Equal(0, statistics.GetProperty("liveBytes").GetInt64() + statistics.GetProperty("deadBytes").GetInt64());
        Assert.Equal(0, statistics.GetProperty("temporaryBytes").GetInt64());
    }

    /// <summary>Tensors of zeros, each a byte longer than the one before, so that no two are the same block. The file is a hole.</summary>
    private static void WriteZeros(string path, int tensors, int megabytes)
    {
        var offset = 0L;
        var entries = new List<string>();
        for (var index = 0; index < tensors; index++)
        {
            var length = ((long)megabytes << 20) + index;
            entries.Add(
                $"\"t{index}\":{{\"dtype\":\"{DType.UInt8.ToToken()}\",\"shape\":[{length}],"
                + $"\"data_offsets\":[{offset},{offset += length}]}}");
        }

        var header = System.Text.Encoding.UTF8.GetBytes($"{{{string.Join(',', entries)}}}");
        using var stream = File.Create(path);
        stream.Write(BitConverter.GetBytes((long)header.Length));
        stream.Write(header);
        stream.SetLength(stream.Position + offset);
    }
}
