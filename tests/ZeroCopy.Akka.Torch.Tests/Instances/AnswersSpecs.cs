using System.Collections.Frozen;
using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class AnswersSpecs
{
    private static readonly Dictionary<string, Func<torch.Tensor, object>> Shapes = new()
    {
        ["tensor"] = tensor => tensor,
        ["tuple"] = tensor => Tuple.Create(1, tensor),
        ["value tuple"] = tensor => (tensor, "text"),
        ["tuple of nine"] = tensor => (1, 2, 3, 4, 5, 6, 7, 8, tensor),
        ["array"] = tensor => new torch.Tensor?[] { null, tensor },
        ["array of value tuples"] = tensor => new[] { (1, tensor) },
        ["list"] = tensor => new List<torch.Tensor> { tensor },
        ["list of value tuples"] = tensor => new List<(int, torch.Tensor)> { (1, tensor) },
        ["set"] = tensor => new HashSet<torch.Tensor> { tensor },
        ["queue"] = tensor => new Queue<torch.Tensor>([tensor]),
        ["dictionary"] = tensor => new Dictionary<string, torch.Tensor> { ["a"] = tensor },
        ["dictionary of lists"] = tensor => new Dictionary<int, object> { [1] = new List<object> { tensor } },
        ["pair"] = tensor => KeyValuePair.Create("a", tensor),
        ["immutable array"] = tensor => ImmutableArray.Create(tensor),
        ["empty immutable array beside"] = tensor => (default(ImmutableArray<torch.Tensor>), tensor),
        ["immutable dictionary"] = tensor => ImmutableDictionary<string, torch.Tensor>.Empty.Add("a", tensor),
        ["frozen dictionary"] = tensor => new[] { KeyValuePair.Create("a", tensor) }.ToFrozenDictionary(),
        ["record"] = tensor => new Scored("text", tensor),
        ["record struct in a record"] = tensor => new Nested(new Point(tensor)),
        ["list of records"] = tensor => new List<Scored> { new("text", tensor) },
        ["itself"] = tensor => new Loop(tensor),
        ["packed sequence"] = tensor => torch.nn.utils.rnn.pack_sequence([tensor]),
    };

    public static TheoryData<string> Names => [.. Shapes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Answers_should_move_out_what_is_in_the_answer_and_nothing_else(string name)
    {
        torch.Tensor tensor;
        torch.Tensor between;
        object answer;
        using (torch.NewDisposeScope())
        {
            between = torch.ones(3);
            tensor = torch.ones(3);
            answer = Shapes[name](tensor);
            Answers.MoveOut(answer);
        }

        Assert.True(between.IsInvalid);
        var held = answer is torch.nn.utils.rnn.PackedSequence packed ? packed.data : tensor;
        Assert.False(held.IsInvalid);
        Answers.Release(answer);
        Assert.True(held.IsInvalid);
    }

    [Fact]
    public void Answers_should_give_tensors_to_the_scope_of_the_caller()
    {
        torch.Tensor tensor;
        using (torch.NewDisposeScope())
        {
            using (torch.NewDisposeScope())
            {
                tensor = torch.ones(3);
                Answers.MoveOut((1, tensor));
            }

            Assert.False(tensor.IsInvalid);
        }

        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void Answers_should_leave_the_tensors_of_modules_alone()
    {
        using var module = torch.nn.Linear(2, 2);

        Answers.Release((module, new List<object> { module }));

        Assert.False(module.weight.IsInvalid);
    }

    private sealed record Scored(string Label, torch.Tensor Score);

    private readonly record struct Point(torch.Tensor At);

    private sealed record Nested(Point Point);

    private sealed class Loop
    {
        private readonly object[] _all;

        public Loop(torch.Tensor tensor) => _all = [this, tensor];

        public int Count => _all.Length;
    }
}
