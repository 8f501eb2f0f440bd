using System.IO.Compression;
using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Script.Skeletons;
using ZeroCopy.Torch.Script.Sources;

namespace ZeroCopy.Torch.Tests.Script.Skeletons;

public sealed class ScriptSkeletonSpecs : IDisposable
{
    private const string LinearCode = "code/__torch__/torch/nn/modules/linear/___torch_mangle_0.py";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public void ScriptSkeleton_should_hold_no_weights()
    {
        var path = ScriptFixture.Data("bert/embedder.pt");
        using var archive = ScriptArchive.Open(path);

        var skeleton = ScriptSkeleton.Create(archive);

        Assert.True(skeleton.Archive.Layout.ByteLength < new FileInfo(path).Length / 10, $"{skeleton.Archive.Layout}");
        Assert.Contains(
            skeleton.Tensors,
            tensor => tensor.Name.EndsWith("word_embeddings.weight", StringComparison.Ordinal) && tensor.Role == TensorRole.Parameter);
    }

    [SkippableFact]
    public void ScriptSkeleton_should_be_the_same_bytes_each_time()
    {
        using var archive = ScriptArchive.Open(ScriptFixture.Data("detector/detector.pt"));

        Assert.Equal(Bytes(ScriptSkeleton.Create(archive)), Bytes(ScriptSkeleton.Create(archive)));
    }

    [SkippableFact]
    public void ScriptSkeleton_should_know_the_roles_methods_and_state()
    {
        using var archive = ScriptArchive.Open(ScriptFixture.Data("detector/detector.pt"));

        var skeleton = ScriptSkeleton.Create(archive);

        Assert.True(skeleton.Facts.Stateful);
        Assert.Contains("wide.calls", skeleton.Facts.Copied);
        Assert.Equal(TensorRole.Buffer, skeleton.Tensors.Single(tensor => tensor.Name == "wide.norm.running_mean").Role);
        Assert.Equal(["audio_forward", "forward", "reset_states", "validate_input"], skeleton.Facts.Methods.Keys);
        ScriptParameter[] expected = [new("x", "Tensor", false), new("rate", "int", false)];
        Assert.Equal(expected, skeleton.Facts.Methods["forward"].ToArray());
        var read = ScriptFacts.FromMetadata(skeleton.Facts.ToMetadata());
        Assert.Equal(expected, read.Methods["forward"].ToArray());
        Assert.Equal(skeleton.Facts.Copied, read.Copied);
        Assert.False(read.HostOnly);
    }

    [Fact]
    public void ScriptSkeleton_should_know_the_module_by_its_place_whatever_the_code_calls_it()
    {
        using var directory = new TemporaryDirectory();
        var file = new ScriptFile(ScriptExample.Path("no_parameters.pt"));
        var code = Encoding.UTF8.GetString(file.Read("code/__torch__.py"));
        file.Write("code/__torch__.py", Encoding.UTF8.GetBytes(code.Replace("self", "me", StringComparison.Ordinal)));
        file.Save(directory.File("me.pt"));
        using var archive = ScriptArchive.Open(directory.File("me.pt"));

        Assert.Equal(["x"], ScriptSkeleton.Create(archive).Facts.Methods["forward"].Select(parameter => parameter.Name));
    }

    [SkippableFact]
    public void ScriptSkeleton_should_refuse_a_file_when_any_byte_of_a_record_is_flipped()
    {
        var good = File.ReadAllBytes(ScriptFixture.Data("detector/detector.pt"));
        using var directory = new TemporaryDirectory();
        using var archive = ScriptArchive.Open(ScriptFixture.Data("detector/detector.pt"));
        foreach (var entry in archive.Entries.Where(entry => entry.StoredLength > 0))
        {
            var bad = (byte[])good.Clone();
            bad[entry.Offset + (entry.StoredLength / 2)] ^= 0x10;
            File.WriteAllBytes(directory.File("bad.pt"), bad);

            Assert.Throws<InvalidModelException>(() => Create(directory.File("bad.pt")));
        }
    }

    [SkippableFact]
    public void ScriptSkeleton_should_refuse_a_file_when_it_is_cut_anywhere()
    {
        var good = File.ReadAllBytes(ScriptFixture.Data("detector/detector.pt"));
        using var directory = new TemporaryDirectory();
        for (var length = 0; length < good.Length; length += 9973)
        {
            File.WriteAllBytes(directory.File("bad.pt"), good[..length]);

            Assert.Throws<InvalidModelException>(() => Create(directory.File("bad.pt")));
        }
    }

    [Theory]
    [InlineData("frozen")]
    [InlineData("quantized")]
    [InlineData("attributes")]
    public void ScriptSkeleton_should_be_an_archive_that_any_reader_reads_from_any_place(string name)
    {
        using var archive = ScriptArchive.Open(ScriptExample.Path($"{name}.pt"));
        var skeleton = ScriptSkeleton.Create(archive);
        var bytes = Bytes(skeleton);

        using var zip = new ZipArchive(new MemoryStream(bytes));
        var kept = zip.Entries.Select(entry => entry.FullName).ToHashSet();
        Assert.Equal(archive.Entries.Select(entry => entry.Name).Where(kept.Contains), zip.Entries.Select(entry => entry.FullName));
        Assert.All(
            archive.Entries.Where(entry => !kept.Contains(entry.Name)), entry => Assert.Matches(@"\.py(\.debug_pkl)?$", entry.Name));
        foreach (var entry in zip.Entries)
        {
            // Reading to the end checks the record's checksum.
            using var stream = entry.Open();
            stream.CopyTo(Stream.Null);
        }

        var piece = new byte[7];
        for (var at = 0; at + piece.Length <= bytes.Length; at++)
        {
            skeleton.Archive.Read(at, piece);
            Assert.Equal(bytes[at..(at + piece.Length)], piece);
        }
    }

    public static TheoryData<string> Names => [.. ScriptExample.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void ScriptSkeleton_should_be_tried_without_the_tensors_that_take_much_memory(string name)
    {
        TorchLibrary.Guard();
        using var archive = ScriptArchive.Open(ScriptExample.Path($"{name}.pt"));
        var skeleton = ScriptSkeleton.Create(archive);

        ModuleDisposal.Release(
            ScriptLoader.Load(skeleton.ForTrial(mostBytes: 0), [], _ => throw new InvalidOperationException(), name, TorchSharp.torch.CPU));

        Assert.Equal(Bytes(skeleton), skeleton.ForTrial());
    }

    [Fact]
    public void ScriptSkeleton_should_be_in_eval_mode_with_all_its_submodules_when_the_script_was_saved_in_training_mode()
    {
        using var archive = ScriptArchive.Open(ScriptExample.Path("traced_training.pt"));
        Assert.Contains(true, Training(archive.Read(archive.Find("data.pkl")!)));

        Assert.All(Training(Pickle(archive)), Assert.False);
    }

    [Fact]
    public void ScriptSkeleton_should_leave_a_plain_object_as_it_is_when_that_has_a_value_named_training()
    {
        using var archive = Changed("custom_class", file =>
        {
            Edit(file, LinearCode, text => text.Replace(
                "(Module):\n  __parameters__ = [\"weight\", \"bias\", ]\n  __buffers__ = []\n", ":\n"));
            Edit(file, "data.pkl", text => text.Remove(text.LastIndexOf('\x89'), 1).Insert(text.LastIndexOf('\x89'), "\x88"));
        });

        Assert.Equal([false, true], Training(Pickle(archive)));
    }

    [Fact]
    public void ScriptSkeleton_should_pass_over_a_source_file_that_no_class_is_looked_for_in()
    {
        using var archive = Changed("custom_class", file => file.Add(
            "code/__torch__.torch.nn.modules.linear.___torch_mangle_0.py", file.Read(LinearCode)));

        Assert.Equal(["layer.bias", "layer.weight"], ScriptSkeleton.Create(archive).Tensors.Select(tensor => tensor.Name).Order());
    }

    [Fact]
    public void ScriptSkeleton_should_not_take_the_methods_of_a_plain_class_for_the_module_s()
    {
        const string Colour = "class Color(Enum):\n  RED = 1\n  BLUE = 2\n";
        using var archive = Changed("custom_class", file => Edit(file, "code/__torch__.py", text => text.Replace(Colour, "") + Colour));

        Assert.Equal(["forward"], ScriptSkeleton.Create(archive).Facts.Methods.Keys);
    }

    private static List<bool> Training(byte[] pickle)
    {
        var modes = new List<bool>();
        Walk(PickleReader.Read(pickle, "data.pkl").Root);
        return modes;

        void Walk(object? value)
        {
            foreach (var (key, item) in value is PickleObject { State: PickleDictionary state } ? state.Items : [])
            {
                if (key is "training")
                {
                    modes.Add(((PickleBoolean)item!).Value);
                }

                Walk(item);
            }
        }
    }

    private static byte[] Bytes(ScriptSkeleton skeleton)
    {
        var bytes = new byte[skeleton.Archive.Layout.ByteLength];
        skeleton.Archive.Read(0, bytes);
        return bytes;
    }

    private static byte[] Pickle(ScriptArchive archive)
    {
        using var zip = new ZipArchive(new MemoryStream(Bytes(ScriptSkeleton.Create(archive))));
        using var stream = zip.GetEntry($"{archive.Root}/data.pkl")!.Open();
        using var pickle = new MemoryStream();
        stream.CopyTo(pickle);
        return pickle.ToArray();
    }

    private static void Edit(ScriptFile file, string record, Func<string, string> edit)
    {
        var (before, after) = (Encoding.Latin1.GetString(file.Read(record)), edit(Encoding.Latin1.GetString(file.Read(record))));
        Assert.NotEqual(before, after);
        file.Write(record, Encoding.Latin1.GetBytes(after));
    }

    private ScriptArchive Changed(string name, Action<ScriptFile> change)
    {
        var file = new ScriptFile(ScriptExample.Path($"{name}.pt"));
        change(file);
        file.Save(_directory.File("changed.pt"));
        return ScriptArchive.Open(_directory.File("changed.pt"));
    }

    private static void Create(string path)
    {
        using var archive = ScriptArchive.Open(path);
        ScriptSkeleton.Create(archive);
    }
}
