using System.Collections.Immutable;
using System.Text;
using CsCheck;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Manifests;

public sealed class ManifestSpecs
{
    private static readonly BlockId First = BlockId.Of([1]);
    private static readonly BlockId Second = BlockId.Of([2]);

    [Fact]
    public void Manifest_should_come_back_from_its_canonical_json()
    {
        var manifest = Sample();
        var again = Manifest.Parse(manifest.ToCanonicalJson());
        Assert.Equal(manifest.Id, again.Id);
        Assert.Equal(manifest.Recipe, again.Recipe);
        Assert.Equal(manifest.Metadata, again.Metadata);
        Assert.Equal(manifest.Blocks.AsEnumerable(), again.Blocks);
        foreach (var (left, right) in manifest.Tensors.Zip(again.Tensors))
        {
            Assert.Equal(left with { Aliases = [] }, right with { Aliases = [] });
            Assert.Equal(left.Aliases.AsEnumerable(), right.Aliases);
        }
    }

    [Fact]
    public void Manifest_should_write_the_same_bytes_on_every_host() => Assert.Equal(
        "{\"version\":1,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},"
        + "\"tensors\":[{\"name\":\"a\",\"role\":\"parameter\","
        + "\"dtype\":\"F32\",\"shape\":[2,3],\"strides\":[1,2],\"block\":\"" + First + "\",\"aliases\":[\"x\",\"y\"]}],"
        + "\"metadata\":{\"k\":\"v\"}}",
        Encoding.UTF8.GetString(new Manifest(
            new Recipe.Weights("T", ""),
            [Entry("a", First, ["y", "x"], new TensorLayout(DType.Float32, [2, 3], [1, 2]))],
            [KeyValuePair.Create("k", "v")]).ToCanonicalJson()));

    [Fact]
    public void Manifest_should_have_one_id_for_strides_that_mean_the_same()
    {
        var plain = new Manifest(new Recipe.Weights("T", ""), [Entry("a", First, [], new TensorLayout(DType.Float32, [1, 3], [3, 1]))]);
        var odd = new Manifest(new Recipe.Weights("T", ""), [Entry("a", First, [], new TensorLayout(DType.Float32, [1, 3], [77, 1]))]);
        Assert.Equal(plain.Id, odd.Id);
    }

    [Fact]
    public void Manifest_should_list_each_block_once_and_the_skeleton_last()
    {
        var layout = new TensorLayout(DType.UInt8, 1);
        var skeleton = BlockId.Of([3]);
        var manifest = new Manifest(
            new Recipe.Script(skeleton), [Entry("a", Second, [], layout), Entry("b", First, [], layout), Entry("c", Second, [], layout)]);
        Assert.Equal([Second, First, skeleton], manifest.Blocks.AsEnumerable());
    }

    [Fact]
    public void Manifest_should_come_back_with_a_tensor_that_lies_in_the_skeleton()
    {
        var view = Entry("v", First, [], TensorLayout.Strided(DType.Float32, [2, 2], [1, 1])) with { Offset = 64 };

        var manifest = new Manifest(new Recipe.Script(First), [view]);
        var again = Manifest.Parse(manifest.ToCanonicalJson());

        Assert.Equal(manifest.Id, again.Id);
        Assert.Equal((view.Layout, 64L), (again.Tensors[0].Layout, again.Tensors[0].Offset));
        Assert.Equal([First], again.Blocks.AsEnumerable());
        Assert.Equal([First], ManifestScan.Blocks(manifest.ToCanonicalJson()).Blocks.AsEnumerable());
    }

    [Fact]
    public void Manifest_should_come_back_with_tensors_that_lie_in_one_storage()
    {
        var layout = TensorLayout.Strided(DType.Float32, [2, 2], [3, 1]);

        var manifest = new Manifest(
            new Recipe.Weights("T", ""),
            [
                Entry("a", First, [], layout) with { Offset = 0 },
                Entry("b", Second, [], new TensorLayout(DType.UInt8, 8)),
                Entry("c", First, [], layout) with { Offset = 4 },
            ]);
        var again = Manifest.Parse(manifest.ToCanonicalJson());

        Assert.Equal(manifest.Id, again.Id);
        Assert.Equal([0, null, 4], again.Tensors.Select(tensor => tensor.Offset));
        Assert.Equal([Second, First], again.Blocks.AsEnumerable());
    }

    [Fact]
    public void Manifest_should_refuse_a_part_of_what_is_not_the_skeleton()
    {
        var view = Entry("v", First, [], TensorLayout.Strided(DType.Float32, [2, 2], [1, 1]));

        Assert.Throws<ArgumentException>(() => new Manifest(new Recipe.Script(First), [view]));
        Assert.Throws<ArgumentException>(() => new Manifest(new Recipe.Script(First), [view with { Offset = -1 }]));
        Assert.Throws<ArgumentException>(() => new Manifest(new Recipe.Script(Second), [view with { Offset = 0 }]));
        Assert.Throws<ArgumentException>(() => new Manifest(new Recipe.Weights("T", ""), [view with { Offset = -1 }]));
        Assert.Throws<ArgumentException>(() => new Manifest(new Recipe.Weights("T", ""), [view]));
    }

    [Fact]
    public void Manifest_should_refuse_names_that_two_tensors_share()
    {
        var layout = new TensorLayout(DType.UInt8, 1);
        Assert.Throws<ArgumentException>(
            () => new Manifest(new Recipe.Weights("T", ""), [Entry("a", First, [], layout), Entry("b", Second, ["a"], layout)]));
    }

    [Fact]
    public void Manifest_should_refuse_a_block_of_two_sizes() => Assert.Throws<ArgumentException>(() => new Manifest(
        new Recipe.Weights("T", ""),
        [Entry("a", First, [], new TensorLayout(DType.UInt8, 1)), Entry("b", First, [], new TensorLayout(DType.UInt8, 2))]));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":2,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},\"tensors\":[]}")]
    [InlineData("{\"version\":1,\"recipe\":{\"kind\":\"pickle\"},\"tensors\":[]}")]
    [InlineData("{\"version\":1,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},\"tensors\":[{}]}")]
    [InlineData("{\"version\":1,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},\"tensors\":[],\"surprise\":1}")]
    [InlineData(
        "{\"version\":1,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},\"tensors\":[{\"name\":\"a\","
        + "\"role\":\"parameter\",\"dtype\":\"F4\",\"shape\":[2,2],\"strides\":[1,2],\"offset\":0,"
        + "\"block\":\"0000000000000000000000000000000000000000000000000000000000000000\"}]}")]
    [InlineData("{\"version\":1,\"version\":1,\"recipe\":{\"kind\":\"weights\",\"type\":\"T\",\"prototype\":\"\"},\"tensors\":[]}")]
    public void Manifest_should_refuse_json_of_another_form(string json) =>
        Assert.Throws<InvalidModelException>(() => Manifest.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Manifest_should_refuse_or_read_any_mutation()
    {
        var good = Sample().ToCanonicalJson().ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 3].Sample(changes =>
        {
            var bytes = good.ToArray();
            foreach (var (at, value) in changes)
            {
                bytes[at] = value;
            }

            try
            {
                Assert.Equal(Manifest.Parse(Manifest.Parse(bytes).ToCanonicalJson()).Id, Manifest.Parse(bytes).Id);
            }
            catch (InvalidModelException)
            {
                // The other allowed outcome.
                return;
            }
        }, iter: 2000, threads: 1);
    }

    private static Manifest Sample() => new(
        new Recipe.Catalog("bert", "{\"layers\":12}"),
        [
            Entry("embeddings.weight", First, ["decoder.weight"], new TensorLayout(DType.BFloat16, 30, 8)),
            Entry("t", Second, [], new TensorLayout(DType.Float32, [2, 3], [1, 2])),
        ],
        [KeyValuePair.Create("format", "pt"), KeyValuePair.Create("näme", "日本")]);

    private static TensorEntry Entry(string name, BlockId block, ImmutableArray<string> aliases, TensorLayout layout) =>
        new(name, TensorRole.Parameter, layout, block, aliases);
}
