using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Tests;

public sealed class InferInputSpecs
{
    [Fact]
    public void InferInput_should_refuse_a_shape_of_other_elements()
    {
        Refused("has 2 elements, but shape [3] has 3", () => InferInput.Of("x", new float[2], 3));
        Refused("shape [] has 1", () => InferInput.Of("x", new float[2]));
        Refused("no size is negative", () => InferInput.Of("x", new float[2], -1, -2));
        Refused("[2, 1]", () => InferInput.OfTexts("x", ["a"], 2, 1));
        Refused("name", () => InferInput.Of("", new float[1]));
    }

    [Fact]
    public void InferInput_should_refuse_bytes_that_are_no_such_elements()
    {
        Refused("an element of INT64 takes 8", () => InferInput.OfBytes("x", Datatype.Int64, new byte[7], 1));
        Refused("are no strings", () => InferInput.OfBytes("x", Datatype.Bytes, new byte[] { 9, 0, 0, 0 }, 1));
    }

    [Fact]
    public void InferInput_should_refuse_types_that_the_protocol_does_not_have()
    {
        var error = Assert.Throws<NotSupportedException>(() => InferInput.Of("x", new decimal[1], 1));

        Assert.Contains("System.Decimal", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InferInput_should_put_the_length_before_each_string()
    {
        var texts = InferInput.OfTexts("x", ["a", "", "ä"]);
        var strings = InferInput.OfStrings("x", [new byte[] { 1, 2 }], 1, 1);

        Assert.Equal([1, 0, 0, 0, 97, 0, 0, 0, 0, 2, 0, 0, 0, 0xC3, 0xA4], texts.Data.ToArray());
        Assert.Equal<long>([3], texts.Shape);
        Assert.Equal([2, 0, 0, 0, 1, 2], strings.Data.ToArray());
        Assert.Equal<long>([1, 1], strings.Shape);
    }

    private static void Refused(string words, Func<object> make) =>
        Assert.Contains(words, Assert.Throws<ArgumentException>(make).Message, StringComparison.Ordinal);
}
