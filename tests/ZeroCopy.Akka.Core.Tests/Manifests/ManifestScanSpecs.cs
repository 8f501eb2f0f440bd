using System.Text;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Manifests;

public sealed class ManifestScanSpecs
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(500)]
    public void ManifestScan_should_find_each_block_once_in_the_order_of_the_manifest(int blocks)
    {
        // Every block twice, in both halves.
        var tensors = Enumerable.Range(0, 2 * blocks).Select(
            i => new TensorEntry($"tensor {i}", TensorRole.Parameter, new TensorLayout(DType.UInt8, 1), Block(i % blocks), []));
        var manifest = new Manifest(new Recipe.Script(Block(-1)), tensors, [KeyValuePair.Create("block", "none")]);

        var scanned = ManifestScan.Blocks(manifest.ToCanonicalJson());

        Assert.Equal(manifest.Blocks.Order(), scanned.Blocks.Order());
        Assert.Equal(2 * blocks, scanned.Tensors);
    }

    [Fact]
    public void ManifestScan_should_read_an_id_that_is_written_with_escapes()
    {
        var id = Block(1).ToString();
        var json = $$"""{"tensors":[{"block":"\u{{(int)id[0]:x4}}{{id[1..]}}"}]}""";

        Assert.Equal([Block(1)], ManifestScan.Blocks(Encoding.UTF8.GetBytes(json)).Blocks.AsEnumerable());
    }

    [Theory]
    [InlineData("""{"tensors":[{"block":"short"}]}""")]
    [InlineData("""{"tensors":[{"block":"ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"}]}""")]
    [InlineData("""{"tensors":[{"block":"éccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"}]}""")]
    [InlineData("""{"tensors":[{"block":1}]}""")]
    [InlineData("""{"tensors":[{"block":""")]
    public void ManifestScan_should_refuse_what_is_no_manifest(string json) =>
        Assert.Throws<InvalidModelException>(() => ManifestScan.Blocks(Encoding.UTF8.GetBytes(json)));

    private static BlockId Block(int number) => BlockId.Of(BitConverter.GetBytes(number));
}
