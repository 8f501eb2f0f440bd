using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class CallCodecSpecs
{
    private readonly MethodBinder _binder = MethodBinder.Of("model", typeof(Rows));

    private IBatchCodec Codec => _binder.Codec!;

    [Fact]
    public void CallCodec_should_join_calls_and_split_their_answer()
    {
        var tensors = new TensorCheck();
        using var module = new Rows();
        List<object> calls = [Call("scaled", 2, "a", 1, 2), Call("scaled", 2, "a", 3)];

        var joined = Codec.Join(calls);
        var answer = ModelCall.Run(_binder.Run, module, joined);
        var parts = Codec.Split(answer!, [2, 1]).Select(part => _binder.ToAnswer(part)).ToList();

        Assert.Equal([2f, 4], parts[0].Outputs[0].Tensor.Values<float>().ToArray());
        Assert.Equal([6f], parts[1].Outputs[0].Tensor.Values<float>().ToArray());
        parts.ForEach(part => part.Dispose());
        calls.Append(joined).ToList().ForEach(Codec.Release);
        tensors.Verify();
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(3, 5000)]
    [InlineData(5000, 6000)]
    [InlineData(20_000, 3)]
    public void CallCodec_should_answer_calls_of_any_size_as_each_would_be_alone(int one, int other)
    {
        var tensors = new TensorCheck();
        using var module = new Rows();
        object[] calls =
        [
            Call("paired", 2, "a", [.. Enumerable.Range(0, one).Select(i => (float)i)]),
            Call("paired", 2, "a", [.. Enumerable.Range(0, other).Select(i => i + 0.5f)]),
        ];
        var single = calls.Select(call => ModelCall.Run(_binder.Run, module, call)).ToList();

        var joined = Codec.Join(calls);
        var parts = Codec.Split(ModelCall.Run(_binder.Run, module, joined)!, [one, other]);

        Assert.Equal([true, true], parts.Zip(single, Codec.AreSame));
        Assert.Equal([false, false], parts.Reverse().Zip(single, Codec.AreSame));
        foreach (var (part, alone) in parts.Zip(single))
        {
            using var answer = _binder.ToAnswer(part);
            using var expected = _binder.ToAnswer(alone);
            Assert.Equal(expected.Outputs.Select(output => output.Name), answer.Outputs.Select(output => output.Name));
            Assert.All(
                expected.Outputs.Zip(answer.Outputs),
                pair => Assert.Equal(pair.First.Tensor.Data.ToArray(), pair.Second.Tensor.Data.ToArray()));
        }

        calls.Append(joined).ToList().ForEach(Codec.Release);
        tensors.Verify();
    }

    [Fact]
    public void CallCodec_should_make_nothing_native_of_small_calls()
    {
        var tensors = new TensorCheck();
        using var module = new Rows();

        var call = Call("paired", 2, "a", 1, 2);
        var answer = ModelCall.Run(_binder.Run, module, call);

        tensors.Verify();
        Assert.Equal([2f, 4], _binder.ToAnswer(answer).Outputs[0].Tensor.Values<float>().ToArray());
    }

    [Fact]
    public void CallCodec_should_keep_a_small_call_from_its_caller_s_memory()
    {
        using var module = new Rows();
        var input = HostTensor.From<float>(DType.Float32, [1, 2], 2);

        using var call = _binder.Bind("scaled", [new NamedTensor("x", input), Text("a"), Scale(2)]);
        MemoryMarshal.AsMemory(input.Data).Span.Clear();

        var answer = _binder.ToAnswer(ModelCall.Run(_binder.Run, module, call));
        Assert.Equal([2f, 4], answer.Outputs[0].Tensor.Values<float>().ToArray());
    }

    [Theory]
    [InlineData("scaled", 2, "a", 3, true)]
    [InlineData("scaled", 2, "a", 1, true)]
    [InlineData("scaled", 3, "a", 2, false)]
    [InlineData("scaled", 2, "b", 2, false)]
    [InlineData("other", 2, "a", 2, false)]
    public void CallCodec_should_join_calls_of_one_method_with_equal_numbers_and_texts(
        string method, double scale, string text, int rows, bool joins)
    {
        using var one = (IDisposable)Call("scaled", 2, "a", 1, 2);
        using var other = (IDisposable)Call(method, scale, text, new float[rows]);

        Assert.True(Codec.TryDescribe(one, out var count, out var key));
        Assert.True(Codec.TryDescribe(other, out var others, out var otherKey));
        Assert.Equal((2, rows), (count, others));
        Assert.Equal(joins, key.Equals(otherKey));
        Assert.True(!joins || key.GetHashCode() == otherKey.GetHashCode());
    }

    [Fact]
    public void CallCodec_should_join_dictionaries_that_were_filled_in_another_order()
    {
        var tensors = new TensorCheck();
        var method = ((BoundCall)Call("scaled", 2, "a", 1)).Method;
        BoundCall[] calls =
        [
            new(method, [new Dictionary<object, object?> { ["x"] = Column(1, 2), ["y"] = new List<object?> { Column(3, 4), "text" } }]),
            new(method, [new Dictionary<object, object?> { ["y"] = new List<object?> { Column(5), "text" }, ["x"] = Column(6) }]),
        ];

        Assert.True(Codec.TryDescribe(calls[0], out _, out var key));
        Assert.True(Codec.TryDescribe(calls[1], out _, out var other));
        Assert.Equal(key, other);
        using (var joined = (BoundCall)Codec.Join(calls))
        {
            var whole = Assert.IsType<Dictionary<object, object?>>(Assert.Single(joined.Values));
            Assert.Equal([1f, 2, 6], ((torch.Tensor)whole["x"]!).data<float>().ToArray());
            var list = Assert.IsType<List<object?>>(whole["y"]);
            Assert.Equal([3f, 4, 5], ((torch.Tensor)list[0]!).data<float>().ToArray());
            Assert.Equal("text", list[1]);
        }

        tensors.Verify();
    }

    [Fact]
    public void CallCodec_should_leave_alone_what_has_no_rows()
    {
        using var scalar = _binder.Bind("scaled", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1])), Text("a"), Scale(1)]);
        using var text = _binder.Bind("described", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1], 1))]);

        Assert.False(Codec.TryDescribe(scalar, out _, out _));
        Assert.False(Codec.TryDescribe(text, out _, out _));
        Assert.False(_binder.Signature.Find("described")?.IsBatchable);
        Assert.False(_binder.Signature.Find("fixed_rows")?.IsBatchable);
    }

    [Fact]
    public void CallCodec_should_know_the_same_calls()
    {
        using var one = (IDisposable)Call("scaled", 2, "a", 1);
        using var same = (IDisposable)Call("scaled", 2, "a", 1);
        using var other = (IDisposable)Call("scaled", 2, "b", 1);
        using var numbers = (IDisposable)Call("scaled", 2, "a", 5);

        Assert.True(Codec.AreSame(one, same));
        Assert.False(Codec.AreSame(one, other));
        Assert.False(Codec.AreSame(one, numbers));
    }

    [Fact]
    public void CallCodec_should_refuse_an_answer_without_a_row_for_each() => Assert.Equal(
        InferenceFailure.ModelError, Assert.Throws<InferenceException>(() => Codec.Split(torch.ones(2), [2, 1])).Failure);

    private object Call(string method, double scale, string text, params float[] rows) =>
        _binder.Bind(method, [new NamedTensor("x", HostTensor.From<float>(DType.Float32, rows, rows.Length)), Text(text), Scale(scale)]);

    private static HostTensor Column(params float[] rows) => HostTensor.From<float>(DType.Float32, rows, rows.Length);

    private static NamedTensor Text(string text) => NamedTensor.OfText("text", text);

    private static NamedTensor Scale(double scale) => new("scale", HostTensor.From<double>(DType.Float64, [scale]));

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
    private sealed class Rows() : torch.nn.Module("rows")
    {
        public torch.Tensor scaled(torch.Tensor x, string text, double scale) => x * scale;

        public torch.Tensor other(torch.Tensor x, string text, double scale) => x * scale;

        public (torch.Tensor, torch.Tensor) paired(torch.Tensor x, string text, double scale) =>
            (x * scale, (x - 1).reshape(-1, 1).expand(-1, 2));

        public string described(torch.Tensor x) => $"{x.numel()}";

        public torch.Tensor fixed_rows([TensorValue(DType.Float32, 2)] torch.Tensor x) => x;
    }
}
