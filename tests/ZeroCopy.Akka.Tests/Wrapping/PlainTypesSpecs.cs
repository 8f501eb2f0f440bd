using TorchSharp;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Product.Tests.Wrapping;

public sealed class PlainTypesSpecs
{
    [Theory]
    [InlineData(typeof(string))]
    [InlineData(typeof(int))]
    [InlineData(typeof(double?))]
    [InlineData(typeof(DayOfWeek))]
    [InlineData(typeof(DateTimeOffset))]
    [InlineData(typeof(List<string>))]
    [InlineData(typeof(Dictionary<string, int[]>))]
    [InlineData(typeof(Settings))]
    [InlineData(typeof(List<Settings>))]
    public void PlainTypes_should_take_data(Type type) => Assert.True(PlainTypes.IsPlain(type));

    [Theory]
    [InlineData(typeof(object))]
    [InlineData(typeof(nint))]
    [InlineData(typeof(Func<int>))]
    [InlineData(typeof(torch.Tensor))]
    [InlineData(typeof(Encoder))]
    [InlineData(typeof(List<Encoder>))]
    [InlineData(typeof(IEnumerable<int>))]
    [InlineData(typeof(Hiding))]
    [InlineData(typeof(Node))]
    public void PlainTypes_should_refuse_what_json_would_lose(Type type) => Assert.False(PlainTypes.IsPlain(type));

    private sealed class Hiding
    {
        private int _hidden;

        public void Count() => _hidden++;

        public int Shown { get; set; }
    }

    private sealed class Node
    {
        public Node? Next { get; set; }
    }
}
