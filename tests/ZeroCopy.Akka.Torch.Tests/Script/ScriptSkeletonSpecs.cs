using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Torch.Tests.Script;

public sealed class ScriptSkeletonSpecs
{
    [SkippableFact]
    public void ScriptSkeleton_should_hold_no_weights()
    {
        var path = ScriptFixture.Data("bert/embedder.pt");
        using var archive = ScriptArchive.Open(path);

        var skeleton = ScriptSkeleton.Create(archive);

        Assert.True(skeleton.Bytes.Length < new FileInfo(path).Length / 10, $"{skeleton.Bytes.Length} bytes");
        Assert.Contains(skeleton.Tensors, tensor => tensor.Name.EndsWith("word_embeddings.weight", StringComparison.Ordinal) && tensor.Role == TensorRole.Parameter);
    }

    [SkippableFact]
    public void ScriptSkeleton_should_be_the_same_bytes_each_time()
    {
        using var archive = ScriptArchive.Open(ScriptFixture.Data("detector/detector.pt"));

        Assert.Equal(ScriptSkeleton.Create(archive).Bytes, ScriptSkeleton.Create(archive).Bytes);
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

    private static void Create(string path)
    {
        using var archive = ScriptArchive.Open(path);
        ScriptSkeleton.Create(archive);
    }
}
