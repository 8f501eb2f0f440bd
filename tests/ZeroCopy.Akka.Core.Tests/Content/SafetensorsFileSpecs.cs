using System.Collections.Immutable;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Tests.Store;
using ZeroCopy.TestSupport;
using static ZeroCopy.Tests.Safetensors.SafetensorsText;

namespace ZeroCopy.Tests.Content;

public sealed class SafetensorsFileSpecs : StoreFixture
{
    private readonly TemporaryDirectory _files = new();

    public override void Dispose()
    {
        _files.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task SafetensorsFile_should_put_every_tensor_of_a_file()
    {
        using var file = SafetensorsFile.Open(
            Write("m.safetensors", File("{" + Entry("a", "U8", "[3]", "[0,3]") + "," + Entry("b", "F32", "[1]", "[3,7]") + "}", 7)));
        var handle = await Store.PutAsync(file.ToContent());
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.Equal(["a", "b"], lease.Manifest.Tensors.Select(t => t.Name));
        Assert.Equal([4, 5, 6, 7], lease.Bytes(lease.Manifest.Tensors[1].Block).ToArray());
    }

    [Fact]
    public async Task SafetensorsFile_should_put_every_tensor_of_all_shards()
    {
        Write("1.safetensors", File("{" + Entry("a", "U8", "[2]", "[0,2]") + "}", 2));
        Write("2.safetensors", File("{" + Entry("b", "U8", "[3]", "[0,3]") + "}", 3));
        using var file = SafetensorsFile.Open(Index("\"a\":\"1.safetensors\",\"b\":\"2.safetensors\""));
        var handle = await Store.PutAsync(file.ToContent());
        Assert.Equal(["a", "b"], Store.ReadManifest(handle.Id).Tensors.Select(t => t.Name));
        Assert.Equal(5, handle.Bytes);
    }

    [Theory]
    [InlineData("\"a\":\"missing.safetensors\"", "'missing.safetensors' is missing")]
    [InlineData("\"a\":\"../1.safetensors\"", "no file name")]
    [InlineData("\"a\":\"/etc/passwd\"", "no file name")]
    [InlineData("\"a\":\"1\\u0000.safetensors\"", "no file name")]
    [InlineData("\"a\":\"1.safetensors\",\"a\":\"1.safetensors\"", "not an index")]
    [InlineData("\"a\":\"1.safetensors\",\"b\":\"1.safetensors\"", "'b' is not in its shard")]
    [InlineData("\"a\":\"1.safetensors\",\"b\":\"1copy.safetensors\"", "two shards")]
    [InlineData("\"b\":\"1.safetensors\"", "not in the index")]
    [InlineData("\"a\":7", "not an index")]
    public void SafetensorsFile_should_refuse_shards_that_do_not_fit_their_index(string map, string reason)
    {
        var shard = File("{" + Entry("a", "U8", "[2]", "[0,2]") + "}", 2);
        Write("1.safetensors", shard);
        Write("1copy.safetensors", shard);
        Assert.Contains(
            reason, Assert.Throws<InvalidModelException>(() => SafetensorsFile.Open(Index(map))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SafetensorsFile_should_refuse_a_file_that_is_missing() =>
        Assert.Throws<InvalidModelException>(() => SafetensorsFile.Open(_files.File("missing.safetensors")));

    [Fact]
    public async Task SafetensorsExporter_should_write_what_was_put()
    {
        using var file = SafetensorsFile.Open(Write("m.safetensors", File(
            "{\"__metadata__\":{\"k\":\"v\"}," + Entry("a", "U8", "[3]", "[0,3]") + "," + Entry("b", "F32", "[1]", "[3,7]") + "}", 7)));
        var handle = await Store.PutAsync(file.ToContent());
        using (var lease = Store.Acquire(handle.Id, "test"))
        {
            SafetensorsExporter.Export(lease, _files.File("out.safetensors"));
        }

        using var again = SafetensorsFile.Open(_files.File("out.safetensors"));
        Assert.Equal("v", again.Metadata["k"]);
        Assert.Equal(["b", "a"], again.Tensors.Select(t => t.Name));
        Assert.Equal([4, 5, 6, 7, 1, 2, 3], System.IO.File.ReadAllBytes(_files.File("out.safetensors"))[^7..]);
        Assert.Equal(2, Directory.GetFiles(_files.Path).Length);
    }

    [Fact]
    public async Task SafetensorsExporter_should_write_permuted_tensors_row_major_and_ties_once()
    {
        // Rows (1 2 3) and (4 5 6), held column by column.
        var permuted = new ArrayTensorSource("t", new TensorLayout(DType.UInt8, [2, 3], [1, 2]), [1, 4, 2, 5, 3, 6], ["tied"]);
        var handle = await Store.PutAsync(Content(permuted));
        using (var lease = Store.Acquire(handle.Id, "test"))
        {
            SafetensorsExporter.Export(lease, _files.File("out.safetensors"));
        }

        using var again = SafetensorsFile.Open(_files.File("out.safetensors"));
        Assert.Equal(["tied"], Assert.Single(again.Tensors).Aliases.AsEnumerable());
        Assert.Equal([1, 2, 3, 4, 5, 6], System.IO.File.ReadAllBytes(_files.File("out.safetensors"))[^6..]);
    }

    [Fact]
    public async Task SafetensorsExporter_should_refuse_a_type_that_the_format_lacks()
    {
        var handle = await Store.PutAsync(Content(new ArrayTensorSource("z", new TensorLayout(DType.Complex128, 1), new byte[16])));
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.Contains(
            "'z'",
            Assert.Throws<InvalidModelException>(() => SafetensorsExporter.Export(lease, _files.File("out.safetensors"))).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_files.Path));
    }

    [Fact]
    public async Task SafetensorsFile_should_read_the_ties_that_an_export_wrote()
    {
        var tied = new ArrayTensorSource("in.weight", new TensorLayout(DType.UInt8, 3), [1, 2, 3], ["out.weight"]);
        var handle = await Store.PutAsync(Content(tied) with { Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("k", "v") });
        Export(handle);

        using var file = SafetensorsFile.Open(_files.File("out.safetensors"));

        Assert.Equal(["out.weight"], Assert.Single(file.Tensors).Aliases.AsEnumerable());
        Assert.Equal(["format", "k"], file.Metadata.Keys);
        var again = await Store.PutAsync(file.ToContent());
        Assert.Equal(["out.weight"], Store.ReadManifest(again.Id).Tensors[0].Aliases.AsEnumerable());
    }

    [Fact]
    public void SafetensorsFile_should_read_ties_between_shards()
    {
        Write("1.safetensors", File("{\"__metadata__\":{\"c\":\"b\"}," + Entry("a", "U8", "[2]", "[0,2]") + "}", 2));
        Write("2.safetensors", File("{\"__metadata__\":{\"d\":\"a\"}," + Entry("b", "U8", "[3]", "[0,3]") + "}", 3));

        using var file = SafetensorsFile.Open(Index("\"a\":\"1.safetensors\",\"b\":\"2.safetensors\""));

        Assert.Equal([("a", "d"), ("b", "c")], file.Tensors.Select(tensor => (tensor.Name, Assert.Single(tensor.Aliases))));
    }

    [Theory]
    [InlineData("format", "a")]
    [InlineData("b", "a")]
    [InlineData("", "a")]
    [InlineData("../x", "a")]
    [InlineData("best", "c")]
    public void SafetensorsFile_should_leave_metadata_that_are_no_tie_as_they_are(string key, string value)
    {
        var header = $"{{\"__metadata__\":{{\"{key}\":\"{value}\"}}," + Entry("a", "U8", "[2]", "[0,2]") + ","
            + Entry("b", "U8", "[1]", "[2,3]") + "}";
        using var file = SafetensorsFile.Open(Write("m.safetensors", File(header, 3)));

        Assert.All(file.Tensors, tensor => Assert.Empty(tensor.Aliases));
        Assert.Equal(value, file.Metadata[key]);
    }

    [Fact]
    public async Task SafetensorsFile_should_not_let_a_file_s_keys_pass_for_ours()
    {
        const string Keys = "\"checkpoint.left-out\":\"a\\nb\",\"script.stateful\":\"x\",\"file.k\":\"y\"";
        using var file = SafetensorsFile.Open(
            Write("m.safetensors", File("{\"__metadata__\":{" + Keys + "}," + Entry("a", "U8", "[2]", "[0,2]") + "}", 2)));
        var handle = await Store.PutAsync(file.ToContent());

        Assert.Equal(["file.checkpoint.left-out", "file.file.k", "file.script.stateful"], Store.ReadManifest(handle.Id).Metadata.Keys);
        Export(handle);
        using var again = SafetensorsFile.Open(_files.File("out.safetensors"));
        Assert.Equal(["checkpoint.left-out", "file.k", "format", "script.stateful"], again.Metadata.Keys);
    }

    [Fact]
    public async Task SafetensorsExporter_should_write_a_tensor_that_lies_in_the_skeleton()
    {
        // Columns 0 and 2 of rows (1 2 3) and (4 5 6), two bytes into the skeleton.
        var layout = TensorLayout.Strided(DType.UInt8, [2, 2], [3, 2]);
        var entry = new TensorEntry("t", TensorRole.Buffer, layout, default, ["u"]) { Offset = 2 };
        var handle = await Store.PutAsync(new ModelContent
        {
            Tensors = [],
            ScriptSkeleton = new ArrayTensorSource("s", new TensorLayout(DType.UInt8, 8), [0, 0, 1, 2, 3, 4, 5, 6]),
            SkeletonTensors = [entry],
        });
        Export(handle);

        Assert.Equal([1, 3, 4, 6], System.IO.File.ReadAllBytes(_files.File("out.safetensors"))[^4..]);
        using var again = SafetensorsFile.Open(_files.File("out.safetensors"));
        Assert.Equal(["u"], Assert.Single(again.Tensors).Aliases.AsEnumerable());
    }

    [Fact]
    public async Task SafetensorsExporter_should_refuse_a_script_whose_state_is_not_all_there()
    {
        var handle = await Store.PutAsync(new ModelContent
        {
            Tensors = [],
            ScriptSkeleton = new ArrayTensorSource("s", new TensorLayout(DType.UInt8, 1), [0]),
            Metadata = ImmutableSortedDictionary<string, string>.Empty.Add(ModelMetadata.NotExported, "mask: it is sparse"),
        });

        Assert.Contains("mask: it is sparse", Assert.Throws<InvalidModelException>(() => Export(handle)).Message, StringComparison.Ordinal);
    }

    private void Export(ModelHandle handle)
    {
        using var lease = Store.Acquire(handle.Id, "test");
        SafetensorsExporter.Export(lease, _files.File("out.safetensors"));
    }

    private string Index(string map) =>
        Write("model.index.json", System.Text.Encoding.UTF8.GetBytes("{\"metadata\":{\"total_size\":5},\"weight_map\":{" + map + "}}"));

    private string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(_files.File(name), bytes);
        return _files.File(name);
    }
}
