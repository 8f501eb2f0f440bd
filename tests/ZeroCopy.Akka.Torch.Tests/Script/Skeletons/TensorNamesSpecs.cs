using ZeroCopy.Manifests;
using ZeroCopy.Torch.Script.Skeletons;

namespace ZeroCopy.Torch.Tests.Script.Skeletons;

public sealed class TensorNamesSpecs
{
    [Fact]
    public void TensorNames_should_tell_the_further_names_of_a_tensor_that_has_a_hundred_thousand()
    {
        var names = new TensorNames();
        names.Add(Enumerable.Range(0, 100_000).Select(i => ($"a{i:d5}", TensorRole.Attribute)));
        names.Add([("p", TensorRole.Parameter), ("b", TensorRole.Buffer)]);

        Assert.Equal(("p", TensorRole.Parameter), (names.First, names.Role));
        Assert.Equal((100_001, "a00000", "b"), (names.Aliases.Length, names.Aliases[0], names.Aliases[^1]));
    }
}
