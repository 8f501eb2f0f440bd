using ZeroCopy.Store.Hashing;

namespace ZeroCopy.Tests.Store.Hashing;

public sealed class HashPlanSpecs
{
    // BERT-base in kilobytes: the word embedding, feed-forward matrices, attention matrices and the pooler, vectors.
    private static readonly long[] Bert =
        [93_764, .. Enumerable.Repeat(9_437L, 24), .. Enumerable.Repeat(2_359L, 49), 1_573, .. Enumerable.Repeat(3L, 122)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    public void HashPlan_should_take_the_one_large_tensor_of_a_model_alone(int cores) => Assert.Equal(1, HashPlan.Singles(Bert, cores));

    [Theory]
    [InlineData(0, 2, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(3, 2, 3)]
    [InlineData(5, 1, 5)]
    [InlineData(7, 1, 0)]
    [InlineData(128, 2, 0)]
    [InlineData(128, 64, 128)]
    public void HashPlan_should_take_equal_tensors_together_where_they_fill_lanes_enough(int tensors, int cores, int singles) =>
        Assert.Equal(singles, HashPlan.Singles([.. Enumerable.Repeat(1_000L, tensors)], cores));

    [Fact]
    public void HashPlan_should_take_few_huge_tensors_alone_and_the_many_small_ones_together() =>
        Assert.Equal(3, HashPlan.Singles([.. Enumerable.Repeat(100_000L, 3), .. Enumerable.Repeat(100L, 200)], 2));
}
