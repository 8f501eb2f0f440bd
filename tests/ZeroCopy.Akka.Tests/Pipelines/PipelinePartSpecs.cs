using ZeroCopy.Pipelines;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class PipelinePartSpecs
{
    [Theory]
    [InlineData("Inner")]
    [InlineData("Outer")]
    [InlineData("Hidden")]
    public void PipelinePart_should_leave_whole_what_is_part_of_what_it_builds(string path)
    {
        var slot = PipelineScan.Of(new Nested(), typeof(Nested)).Modules.Single(slot => slot.Path == path);
        var part = new PipelinePart(() => new Nested(), typeof(Nested), slot, isApart: true);
        _ = part.Build(null!);

        var further = (nn.Module<Tensor, Tensor>)part.Build(null!);

        using var input = ones(1, 8);
        using var answer = further.call(input);
        Assert.Equal([1, 8], answer.shape);
    }

    [Fact]
    public void PipelinePart_should_release_the_other_modules_of_what_it_builds()
    {
        List<Tensor> own = [];
        List<Tensor> others = [];
        var slot = PipelineScan.Of(new Nested(), typeof(Nested)).Modules.Single(slot => slot.Path == "Outer");
        var part = new PipelinePart(Build, typeof(Nested), slot, isApart: true);
        _ = part.Build(null!);

        _ = part.Build(null!);

        Assert.All(others, tensor => Assert.True(tensor.IsInvalid));
        Assert.DoesNotContain(own, tensor => tensor.IsInvalid);

        Nested Build()
        {
            var built = new Nested();
            own.AddRange(built.Outer.parameters());
            others.AddRange(built.Other.parameters());
            return built;
        }
    }

    private sealed class Nested
    {
        public Nested()
        {
            Inner = new Encoder(8, 8);
            Outer = nn.Sequential(Inner, new Encoder(8, 8));
            Hidden = new Holder(Inner);
        }

        public Encoder Inner { get; }

        public nn.Module<Tensor, Tensor> Outer { get; }

        public Holder Hidden { get; }

        public Encoder Other { get; } = new(8, 8);
    }

    /// <summary>Does not register what it calls.</summary>
    private sealed class Holder(Encoder inner) : nn.Module<Tensor, Tensor>(nameof(Holder))
    {
        private readonly List<Encoder> _parts = [inner];

        public override Tensor forward(Tensor input) => _parts[0].call(input);
    }
}
