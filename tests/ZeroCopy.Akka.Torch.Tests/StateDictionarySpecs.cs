using ZeroCopy.Errors;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests;

/// <summary>Tensors by name, without a module.</summary>
public sealed class StateDictionarySpecs : RuntimeSpec
{
    [Fact]
    public async Task PutState_should_keep_types_strides_and_ties()
    {
        using var scope = NewDisposeScope();
        var table = arange(6, dtype: ScalarType.Float64).reshape(2, 3);
        var state = new Dictionary<string, Tensor>
        {
            ["table"] = table,
            ["tied"] = table.alias(),
            ["turned"] = rand(4, 3).t(),
            ["half"] = rand(5).to(ScalarType.BFloat16),
            ["flags"] = ones(2, dtype: ScalarType.Bool),
            ["count"] = tensor(7L),
            ["none"] = empty(0),
        };

        var handle = await Runtime.PutStateAsync(state);
        var back = Runtime.OpenState(handle);

        Assert.Equal(state.Keys.Order(), back.Keys.Order());
        foreach (var (name, expected) in state)
        {
            Assert.Equal((name, expected.dtype), (name, back[name].dtype));
            Assert.Equal(expected.shape, back[name].shape);
            Assert.Equal(expected.stride(), back[name].stride());
            Assert.True(TensorEquality.Same(expected, back[name]), name);
        }

        Assert.Same(back["table"], back["tied"]);
        Assert.Equal((6 * 8) + (12 * 4) + (5 * 2) + 2 + 8, handle.Bytes);
        foreach (var tensor in back.Values.Distinct(ReferenceEqualityComparer.Instance).Cast<Tensor>())
        {
            tensor.Dispose();
        }
    }

    [Fact]
    public async Task PutState_should_give_one_model_for_equal_tensors_and_nothing_that_runs()
    {
        using var tensor = ones(3);
        using var equal = ones(3);

        var first = await Runtime.PutStateAsync(new Dictionary<string, Tensor> { ["weight"] = tensor });
        var second = await Runtime.PutStateAsync(new Dictionary<string, Tensor> { ["weight"] = equal });

        Assert.Equal(first.Id, second.Id);
        Assert.Throws<RecipeUnavailableException>(() => Runtime.Open<nn.Module>(first));
    }
}
