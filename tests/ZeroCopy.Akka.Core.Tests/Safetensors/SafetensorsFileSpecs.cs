using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.Tests.Store;
using ZeroCopy.TestSupport;
using static ZeroCopy.Tests.Safetensors.SafetensorsText;

namespace ZeroCopy.Tests.Safetensors;

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
        using var file = SafetensorsFile.Open(Write("m.safetensors", File("{" + Entry("a", "U8", "[3]", "[0,3]") + "," + Entry("b", "F32", "[1]", "[3,7]") + "}", 7)));
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
        Assert.Contains(reason, Assert.Throws<InvalidModelException>(() => SafetensorsFile.Open(Index(map))).Message, StringComparison.Ordinal);
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
        Assert.Equal("t", again.Metadata["tied"]);
        Assert.Equal([1, 2, 3, 4, 5, 6], System.IO.File.ReadAllBytes(_files.File("out.safetensors"))[^6..]);
    }

    [Fact]
    public async Task SafetensorsExporter_should_refuse_a_type_that_the_format_lacks()
    {
        var handle = await Store.PutAsync(Content(new ArrayTensorSource("z", new TensorLayout(DType.Complex128, 1), new byte[16])));
        using var lease = Store.Acquire(handle.Id, "test");
        Assert.Contains("'z'", Assert.Throws<InvalidModelException>(() => SafetensorsExporter.Export(lease, _files.File("out.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_files.Path));
    }

    private string Index(string map) => Write("model.index.json", System.Text.Encoding.UTF8.GetBytes("{\"metadata\":{\"total_size\":5},\"weight_map\":{" + map + "}}"));

    private string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(_files.File(name), bytes);
        return _files.File(name);
    }
}
