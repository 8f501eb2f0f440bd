using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Tests.Modules;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class RetainedArgumentSpecs : IDisposable
{
    private static readonly Dictionary<string, Func<torch.Tensor, object>> Holders = new()
    {
        ["tensor"] = tensor => tensor,
        ["parameter"] = tensor => new TorchSharp.Modules.Parameter(tensor),
        ["array"] = tensor => new[] { tensor, tensor },
        ["array of objects"] = tensor => new object?[] { 1, null, tensor, "text" },
        ["array of arrays"] = tensor => new[] { new[] { tensor } },
        ["tuple"] = tensor => Tuple.Create(1, tensor),
        ["array of value tuples"] = tensor => new[] { ("text", tensor) },
        ["list"] = tensor => new List<torch.Tensor> { tensor },
        ["set"] = tensor => new HashSet<torch.Tensor>(ReferenceEqualityComparer.Instance) { tensor },
        ["dictionary"] = tensor => new Dictionary<string, torch.Tensor> { ["x"] = tensor },
        ["dictionary of lists"] = tensor => new Dictionary<int, object> { [1] = new List<object> { tensor } },
        ["immutable array"] = tensor => ImmutableArray.Create(tensor),
        ["request"] = tensor => new Request { Input = tensor },
        ["circle"] = tensor =>
        {
            var request = new Request { Input = tensor };
            request.Next = request;
            return request;
        },
    };

    private static readonly Dictionary<string, Func<torch.Tensor, object>> Unknown = new()
    {
        ["closure"] = tensor => (Func<torch.Tensor>)(() => tensor),
        ["closure in a record"] = tensor => Tuple.Create((Func<torch.Tensor>)(() => tensor)),
        ["lazy"] = tensor => new Lazy<torch.Tensor>(() => tensor),
        ["task"] = tensor => new[] { Task.FromResult(tensor) },
        ["query with a closure"] = tensor => Enumerable.Range(0, 1).Select(_ => tensor),
        ["number of the library"] = tensor => new object[] { tensor, tensor.ToScalar() },
        ["module"] = tensor => Tuple.Create(tensor, torch.nn.Identity()),
        ["class with a finalizer"] = tensor => new Finalized(tensor),
    };

    private readonly torch.Tensor _input = torch.ones(1);

    public static TheoryData<string> Held => [.. Holders.Keys];

    public static TheoryData<string> NotHeld => [.. Unknown.Keys];

    public void Dispose() => _input.Dispose();

    [Theory]
    [MemberData(nameof(Held))]
    public void RetainedArgument_should_be_valid_when_the_owner_has_freed_the_argument(string name)
    {
        var owned = torch.arange(3.0);
        var given = Holders[name](owned);
        var argument = given;

        Assert.True(RetainedArgument.TryTake(ref argument, out var retained));

        Assert.NotSame(given, argument);
        Assert.IsType(given.GetType(), argument);
        Answers.Release(given);
        owned.Dispose();
        var tensors = Tensors(argument);
        Assert.All(tensors, tensor => Assert.Equal([0, 1, 2], tensor.data<float>().ToArray()));
        retained!.Dispose();
        Assert.All(tensors, tensor => Assert.True(tensor.IsInvalid));
    }

    [Theory]
    [MemberData(nameof(NotHeld))]
    public void RetainedArgument_should_leave_alone_what_cannot_be_copied(string name)
    {
        var given = Unknown[name](_input);
        var argument = given;

        Assert.False(RetainedArgument.TryTake(ref argument, out var retained));

        Assert.Same(given, argument);
        Assert.Null(retained);
    }

    [Fact]
    public void RetainedArgument_should_hold_what_a_query_goes_through()
    {
        var owned = torch.arange(3.0);
        object? argument = new[] { owned }.Select(item => item);

        Assert.True(RetainedArgument.TryTake(ref argument, out var retained));

        owned.Dispose();
        Assert.Equal([0, 1, 2], Assert.Single((IEnumerable<torch.Tensor>)argument!).data<float>().ToArray());
        retained!.Dispose();
    }

    [Fact]
    public void RetainedArgument_should_be_the_argument_where_it_holds_no_tensor()
    {
        foreach (var given in new object?[]
        {
            null, 3, "text", DateTime.UnixEpoch, new float[2], new[] { new float[2] }, new List<string> { "x" }, new Request(),
            new object(), new Uri("https://example.org"),
            new CancellationTokenSource(), new Dictionary<string, object?> { ["x"] = null, ["y"] = 1 }, (Func<int>)(static () => 3),
            (Func<int>)"text".GetHashCode, new object?[] { null, 1 },
        })
        {
            var argument = given;
            Assert.True(RetainedArgument.TryTake(ref argument, out var retained), given?.ToString());
            Assert.Same(given, argument);
            Assert.Null(retained);
        }
    }

    [Fact]
    public void RetainedArgument_should_share_what_holds_no_tensor()
    {
        var log = new List<string>();
        var request = new Request { Input = _input, Log = log };
        object? argument = request;

        Assert.True(RetainedArgument.TryTake(ref argument, out var retained));

        Assert.Same(log, Assert.IsType<Request>(argument).Log);
        Assert.Same(_input, request.Input);
        retained!.Dispose();
        Assert.False(_input.IsInvalid);
    }

    [Fact]
    public void RetainedArgument_should_write_where_the_argument_is()
    {
        object? argument = _input;
        Assert.True(RetainedArgument.TryTake(ref argument, out var retained));

        ((torch.Tensor)argument!).fill_(7).Dispose();
        retained!.Dispose();

        using var seven = torch.full(1, 7f);
        Assert.True(TensorEquality.Same(seven, _input));
    }

    [Fact]
    public void RetainedArgument_should_not_look_through_more_objects_than_a_call_takes()
    {
        object? argument = Enumerable.Range(0, 20_000).Select(_ => new Request()).ToList();
        Assert.False(RetainedArgument.TryTake(ref argument, out _));

        // Here the one that is too many holds no tensor.
        argument = Enumerable.Range(0, 20_000).Select(_ => new Request { Log = [] }).ToArray();
        Assert.False(RetainedArgument.TryTake(ref argument, out _));
    }

    private static List<torch.Tensor> Tensors(object? value)
    {
        List<torch.Tensor> tensors = [];
        Answers.ForEach(value, held => tensors.Add((torch.Tensor)held));
        Assert.NotEmpty(tensors);
        return tensors;
    }

    private sealed class Request
    {
        public torch.Tensor? Input { get; set; }

        public List<string>? Log { get; set; }

        public Request? Next { get; set; }
    }

    private sealed class Finalized(torch.Tensor tensor)
    {
        ~Finalized() => GC.KeepAlive(tensor);
    }
}
