using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Tests.Rows;

public sealed class RowMemorySpecs
{
    [Fact]
    public void RowMemory_should_name_the_limit_and_the_option_when_rows_outgrow_a_call()
    {
        byte[] memory = [1];

        var error = Assert.Throws<DatasetException>(() => RowMemory.Grow(ref memory, "x", Array.MaxLength + 1L));

        Assert.Equal(
            "'x' takes more bytes than the 2147483591 that it can have in a call; use a smaller --batch-size.", error.Message);
        Assert.Equal([1], memory);
    }
}
