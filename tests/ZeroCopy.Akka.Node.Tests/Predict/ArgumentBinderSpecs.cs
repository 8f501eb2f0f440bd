using ZeroCopy.Node.Predict;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Tests.Predict;

public sealed class ArgumentBinderSpecs
{
    private static readonly CallParameter[] Parameters =
    [
        new("input_ids", ArgumentKind.Tensor, IsOptional: false),
        new("attention_mask", ArgumentKind.Tensor, IsOptional: true),
        new("token_type_ids", ArgumentKind.Tensor, IsOptional: true),
    ];

    [Fact]
    public void ArgumentBinder_should_bind_by_name_whatever_the_order() =>
        Assert.Equal([1, null, 2], Bind(("token_type_ids", 2), ("input_ids", 1)));

    [Fact]
    public void ArgumentBinder_should_bind_by_order_when_no_name_matches() =>
        Assert.Equal([1, 2, null], Bind(("x", 1), (null, 2)));

    [Fact]
    public void ArgumentBinder_should_name_all_that_is_surplus_and_missing()
    {
        var error = Assert.Throws<InputMismatchException>(() => Bind(("attention_mask", 1), ("rate", 2)));

        Assert.Equal(
            "The input has 'rate', which the model does not take, and lacks 'input_ids'; "
            + "the model takes 'input_ids', 'attention_mask' (optional), 'token_type_ids' (optional).",
            error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void ArgumentBinder_should_refuse_a_count_that_does_not_fit(int count)
    {
        var error = Assert.Throws<InputMismatchException>(
            () => Bind([.. Enumerable.Range(0, count).Select(index => ((string?)$"x{index}", index))]));
        Assert.Contains("'input_ids'", error.Message, StringComparison.Ordinal);
    }

    private static int?[] Bind(params (string? Name, int Value)[] tensors) =>
    [
        .. ArgumentBinder.Bind(
            Parameters, [.. tensors.Select(tensor => new NamedTensor(tensor.Name, HostTensor.From<int>(DType.Int32, [tensor.Value])))])
            .Select(bound => bound is null ? null : (int?)bound.Values<int>()[0]),
    ];
}
