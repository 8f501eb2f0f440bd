using ZeroCopy.Pipelines;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class PipelineScanSpecs
{
    [Fact]
    public void PipelineScan_should_find_modules_in_every_kind_of_place()
    {
        var pipeline = new Everything();

        var paths = PipelineScan.Of(pipeline, typeof(Everything)).Modules.Select(slot => slot.Path);

        Assert.Equal(
            [
                "_private",
                "Property",
                "Stages[0]",
                "Stages[1]",
                "Array[0]",
                "Heads[\"digits\"]",
                "Nested.Inner",
                "Closure().model",
                "Pair.Item2",
                "_inherited",
            ],
            paths);
    }

    [Fact]
    public void PipelineScan_should_visit_a_cycle_once()
    {
        var first = new Loop();
        first.Next = new Loop { Next = first, Model = new Encoder() };

        Assert.Equal(["Next.Model"], PipelineScan.Of(first, typeof(Loop)).Modules.Select(slot => slot.Path));
    }

    [Fact]
    public void PipelineScan_should_give_a_slot_for_each_place_when_one_module_is_held_twice()
    {
        var shared = new Encoder();
        var pipeline = new Twice(shared, shared);

        var slots = PipelineScan.Of(pipeline, typeof(Twice)).Modules;

        Assert.Equal(["First", "Second"], slots.Select(slot => slot.Path));
        Assert.All(slots, slot => Assert.Same(shared, slot.Value));
    }

    [Fact]
    public void PipelineScan_should_take_a_standalone_module_as_a_whole()
    {
        var model = nn.Sequential(nn.Linear(2, 2), nn.ReLU());

        var slot = Assert.Single(PipelineScan.Of(model, typeof(nn.Module)).Modules);

        Assert.Equal("", slot.Path);
    }

    [Fact]
    public void PipelineScan_should_find_tensors_and_plain_values()
    {
        var pipeline = new WithData { Table = zeros(2), Language = "de", Settings = new Settings("de", 2, [0.5]) };

        var scan = PipelineScan.Of(pipeline, typeof(WithData));

        Assert.Equal(["Table"], scan.Tensors.Select(slot => slot.Path));
        Assert.Equal(["Language", "Settings"], scan.Values.Select(slot => slot.Path));
    }

    [Fact]
    public void PipelineScan_should_set_a_member_of_a_struct_in_a_list()
    {
        var pipeline = new List<Holder> { new() { Model = new Encoder() } };
        var replacement = new Encoder();

        PipelineScan.Of(pipeline, pipeline.GetType()).Modules[0].Set(replacement);

        Assert.Same(replacement, pipeline[0].Model);
    }

    private abstract class Base
    {
        private readonly Encoder _inherited = new();

        public Encoder Inherited => _inherited;
    }

    private sealed class Everything : Base
    {
        private readonly Encoder _private = new();

        public Everything()
        {
            var model = new Encoder();
            Closure = input => model.forward(input);
        }

        public Encoder Property { get; } = new();

        public Encoder Private => _private;

        public List<nn.Module> Stages { get; } = [new Encoder(), nn.ReLU()];

        public Encoder?[] Array { get; } = [new Encoder(), null];

        public Dictionary<string, Encoder> Heads { get; } = new() { ["digits"] = new Encoder() };

        public Inside Nested { get; } = new();

        public Func<Tensor, Tensor> Closure { get; }

        public (string, Encoder) Pair { get; } = ("name", new Encoder());
    }

    private sealed class Inside
    {
        public Encoder Inner { get; } = new();
    }

    private sealed class Loop
    {
        public Loop? Next { get; set; }

        public Encoder? Model { get; set; }
    }

    private sealed record Twice(Encoder First, Encoder Second);

    private sealed class WithData
    {
        public required Tensor Table { get; init; }

        public required string Language { get; init; }

        public required Settings Settings { get; init; }
    }

    private struct Holder
    {
        public Encoder Model;
    }
}
