using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch.Tests.Catalog;

public sealed class ModelCheckpointSpecs
{
    [Fact]
    public void ModelCheckpoint_should_rename_a_tensor_with_the_names_that_are_tied_to_it()
    {
        var checkpoint = Of(new Tensor("net.in", "net.out", "net.spare"));

        var renamed = checkpoint.Rename(name => name == "net.spare" ? null : name.Replace("net.", "", StringComparison.Ordinal));

        var tensor = Assert.Single(renamed.Tensors);
        Assert.Equal(("in", "out"), (tensor.Name, Assert.Single(tensor.Aliases)));
        Assert.Empty(renamed.LeftOut);
    }

    [Fact]
    public void ModelCheckpoint_should_take_another_name_first_when_the_first_one_is_not_the_modules()
    {
        var renamed = Of(new Tensor("head", "body")).Rename(name => name == "head" ? null : name);

        Assert.Equal("body", Assert.Single(renamed.Tensors).Name);
    }

    [Fact]
    public void ModelCheckpoint_should_list_what_has_no_name_in_the_module()
    {
        var renamed = Of(new Tensor("body"), new Tensor("head", "twin")).Rename(name => name == "body" ? name : null);

        Assert.Equal("body", Assert.Single(renamed.Tensors).Name);
        Assert.Equal("head", Assert.Single(renamed.LeftOut));
    }

    [Fact]
    public void ModelCheckpoint_should_refuse_two_tensors_of_one_name()
    {
        var refused = Assert.Throws<InvalidModelException>(() => Of(new Tensor("gamma"), new Tensor("weight")).Rename(_ => "weight"));

        Assert.Contains("'gamma' and 'weight' are both weight", refused.Message, StringComparison.Ordinal);
    }

    private static ModelCheckpoint Of(params TensorSource[] tensors) => new("folder", "{}", tensors);

    private sealed class Tensor(string name, params string[] aliases)
        : TensorSource(name, TensorRole.Parameter, new TensorLayout(DType.Float32, [1]), [.. aliases])
    {
        public override void Read(long offset, Span<byte> destination) => throw new NotSupportedException();
    }
}
