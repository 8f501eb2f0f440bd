using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Batching;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Batching;

public sealed class TorchBatchCodecSpecs : IDisposable
{
    private readonly TorchBatchCodec _codec = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void TorchBatchCodec_should_count_the_rows_of_a_tensor()
    {
        Assert.True(_codec.TryDescribe(zeros(3, 4), out var rows, out _));

        Assert.Equal(3, rows);
    }

    public static TheoryData<string, object?> Unjoinable => new()
    {
        { "null", null },
        { "text", "text" },
        { "scalar", tensor(1f) },
        { "no rows", zeros(0, 4) },
        { "rows disagree", new[] { zeros(2, 4), zeros(3, 4) } },
        { "a number beside a tensor", (zeros(2, 4), 5L) },
        { "nothing but null", new Tensor?[] { null } },
    };

    [Theory]
    [MemberData(nameof(Unjoinable))]
    public void TorchBatchCodec_should_leave_alone_what_does_not_join(string what, object? request) =>
        Assert.False(_codec.TryDescribe(request, out _, out _), what);

    [Fact]
    public void TorchBatchCodec_should_leave_alone_a_disposed_tensor()
    {
        var disposed = zeros(2);
        disposed.Dispose();

        Assert.False(_codec.TryDescribe(disposed, out _, out _));
    }

    public static TheoryData<object, object> SameKind => new()
    {
        { zeros(1, 4), ones(7, 4) },
        { new[] { zeros(1, 4), zeros(1) }, new[] { zeros(2, 4), zeros(2) } },
        { (zeros(1, 4), zeros(1)), (zeros(2, 4), zeros(2)) },
        {
            new Dictionary<string, Tensor> { ["a"] = zeros(1, 4), ["b"] = zeros(1) },
            new Dictionary<string, Tensor> { ["b"] = zeros(2), ["a"] = zeros(2, 4) }
        },
    };

    [Theory]
    [MemberData(nameof(SameKind))]
    public void TorchBatchCodec_should_give_equal_keys_to_requests_that_join(object one, object other)
    {
        Assert.Equal(KeyOf(one), KeyOf(other));
        Assert.Equal(KeyOf(one).GetHashCode(), KeyOf(other).GetHashCode());
    }

    public static TheoryData<object, object> OtherKind => new()
    {
        { zeros(1, 4), zeros(1, 5) },
        { zeros(1, 4), zeros(1, 4, 1) },
        { zeros(1, 4), zeros(1, 4, dtype: ScalarType.Int64) },
        { zeros(1, 4), new[] { zeros(1, 4) } },
        { new[] { zeros(1, 4) }, new List<Tensor> { zeros(1, 4) } },
        { new[] { zeros(1, 4), null }, new[] { null, zeros(1, 4) } },
        { new Dictionary<string, Tensor> { ["a"] = zeros(1) }, new Dictionary<string, Tensor> { ["b"] = zeros(1) } },
        { new[] { zeros(1, 4), zeros(1, 5) }, new[] { zeros(1, 5), zeros(1, 4) } },
    };

    [Theory]
    [MemberData(nameof(OtherKind))]
    public void TorchBatchCodec_should_give_other_keys_to_requests_that_do_not_join(object one, object other) =>
        Assert.NotEqual(KeyOf(one), KeyOf(other));

    [Fact]
    public void TorchBatchCodec_should_join_and_split_a_tensor_in_order()
    {
        var (one, two) = (rand(1, 4), rand(2, 4));

        var joined = (Tensor)_codec.Join([one, two]);
        var parts = _codec.Split(joined, [1, 2]);

        AssertEqual(one, parts[0]);
        AssertEqual(two, parts[1]);
    }

    [Fact]
    public void TorchBatchCodec_should_join_and_split_structures()
    {
        (Dictionary<string, Tensor>, Tensor[], Tensor?) Request(int rows) =>
            (new() { ["b"] = rand(rows, 2), ["a"] = rand(rows) }, [rand(rows, 3)], null);
        var (one, two) = (Request(2), Request(1));

        var parts = _codec.Split(_codec.Join([one, two]), [2, 1]);

        foreach (var (expected, part) in new[] { one, two }.Zip(parts))
        {
            var actual = Assert.IsType<(Dictionary<string, Tensor>, Tensor[], Tensor?)>(part);
            AssertEqual(expected.Item1["a"], actual.Item1["a"]);
            AssertEqual(expected.Item1["b"], actual.Item1["b"]);
            AssertEqual(expected.Item2[0], actual.Item2[0]);
            Assert.Null(actual.Item3);
        }
    }

    [Fact]
    public void TorchBatchCodec_should_keep_the_requests_with_their_owners()
    {
        var (one, two) = (ones(1, 2, requires_grad: true), ones(1, 2));

        var joined = (Tensor)_codec.Join([one, two]);
        joined.zero_();
        _codec.Release(joined);

        Assert.False(one.IsInvalid);
        Assert.Equal(2f, one.sum().item<float>());
        Assert.True(joined.IsInvalid);
    }

    [Fact]
    public void TorchBatchCodec_should_not_join_requests_of_different_keys() =>
        Assert.Contains(
            "Request 1",
            Assert.Throws<ArgumentException>(() => _codec.Join([zeros(1, 4), zeros(1, 5)])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void TorchBatchCodec_should_make_answers_that_share_nothing()
    {
        var parts = _codec.Split(ones(2, 2), [1, 1]).Cast<Tensor>().ToList();

        parts[0].zero_();
        parts[0].Dispose();

        Assert.Equal(2f, parts[1].sum().item<float>());
        Assert.Equal(2, parts[1].storage<float>().Count);
    }

    [Fact]
    public void TorchBatchCodec_should_split_answers_that_are_not_contiguous()
    {
        var answer = arange(6f).reshape(2, 3).t();
        var expected = answer.narrow(0, 1, 2).contiguous();

        AssertEqual(expected, _codec.Split(answer, [1, 2])[1]);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(2)]
    public void TorchBatchCodec_should_refuse_an_answer_of_other_rows(int rows)
    {
        var answer = zeros(rows, 5);

        var error = Assert.Throws<InferenceException>(() => _codec.Split(answer, [1, 2]));

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains($"[{rows}, 5]", error.Message, StringComparison.Ordinal);
        Assert.Contains("3 rows (1 + 2)", error.Message, StringComparison.Ordinal);
        Assert.True(answer.IsInvalid);
    }

    [Fact]
    public void TorchBatchCodec_should_refuse_an_answer_that_has_no_rows() =>
        Assert.Equal(InferenceFailure.ModelError, Assert.Throws<InferenceException>(() => _codec.Split(tensor(1f), [1, 2])).Failure);

    [Fact]
    public void TorchBatchCodec_should_release_the_tensors_of_an_answer_that_cannot_be_taken_apart()
    {
        var held = zeros(3);

        var error = Assert.Throws<InferenceException>(() => _codec.Split((held, 5L), [1, 2]));

        Assert.Contains("ValueTuple", error.Message, StringComparison.Ordinal);
        Assert.True(held.IsInvalid);
    }

    [Fact]
    public void TorchBatchCodec_should_make_nothing_that_a_dispose_scope_would_take()
    {
        Tensor joined;
        IReadOnlyList<object> parts;
        using (NewDisposeScope())
        {
            joined = (Tensor)_codec.Join([ones(1), ones(1)]);
            parts = _codec.Split(ones(2), [1, 1]);
        }

        Assert.False(joined.IsInvalid);
        Assert.All(parts.Cast<Tensor>(), part => Assert.False(part.IsInvalid));
        _codec.Release(joined);
        _codec.Release(parts);
        Assert.All(parts.Cast<Tensor>(), part => Assert.True(part.IsInvalid));
    }

    [Fact]
    public void TorchBatchCodec_should_leave_no_native_tensor_behind()
    {
        var requests = new object[] { (ones(1, 2), ones(1)), (ones(2, 2), ones(2)) };
        var tensors = new TensorCheck();

        var parts = _codec.Split(_codec.Join(requests), [1, 2]);
        Assert.Equal(4, tensors.Added);
        _codec.Release(parts[0]);
        _codec.Release(parts[1]);
        Assert.Throws<InferenceException>(() => _codec.Split(_codec.Join(requests), [1, 1]));

        tensors.Verify();
    }

    public static TheoryData<string, object?, object?> Same => new()
    {
        { "rounding", ones(2, 3), ones(2, 3) + tensor(1e-5f) },
        { "what cancels out beside a large number", tensor([1e6f, 1e-3f]), tensor([1e6f, 2e-3f]) },
        { "not a number and infinity", tensor([float.NaN, float.PositiveInfinity]), tensor([float.NaN, float.PositiveInfinity]) },
        { "complex numbers", tensor((1f, 2f)), tensor((1f, 2.00001f)) },
        { "whole numbers", tensor([1L, 2L]), tensor([1L, 2L]) },
        { "structures", (ones(1), new Dictionary<string, Tensor?> { ["a"] = ones(2), ["b"] = null }),
            (ones(1), new Dictionary<string, Tensor?> { ["b"] = null, ["a"] = ones(2) }) },
        { "nothing in it", zeros(0, 4), zeros(0, 4) },
    };

    [Theory]
    [MemberData(nameof(Same))]
    public void TorchBatchCodec_should_see_that_values_are_the_same(string what, object? one, object? other) =>
        Assert.True(_codec.AreSame(one, other), what);

    public static TheoryData<string, object?, object?> Different => new()
    {
        { "a number", tensor([1f, 2f]), tensor([1f, 2.001f]) },
        { "a double, by little", tensor([1.0, 2.0]), tensor([1.0, 2.0000001]) },
        { "a shape", ones(2, 1), ones(1, 2) },
        { "a shape that would be broadcast", ones(1), ones(2) },
        { "a type", ones(1), ones(1, dtype: ScalarType.Float64) },
        { "a whole number", tensor([1L]), tensor([2L]) },
        { "not a number", tensor([float.NaN]), tensor([1f]) },
        { "the sign of infinity", tensor([float.PositiveInfinity]), tensor([float.NegativeInfinity]) },
        { "infinity beside a number", tensor([float.PositiveInfinity, 1f]), tensor([1f, 1f]) },
        { "a null", new Tensor?[] { null }, new Tensor?[] { ones(1) } },
        { "a structure", new[] { ones(1) }, new List<Tensor> { ones(1) } },
        { "no tensors", "text", "text" },
    };

    [Theory]
    [MemberData(nameof(Different))]
    public void TorchBatchCodec_should_see_that_values_differ(string what, object? one, object? other) =>
        Assert.False(_codec.AreSame(one, other), what);

    private object KeyOf(object request)
    {
        Assert.True(_codec.TryDescribe(request, out _, out var key));
        return key;
    }

    private static void AssertEqual(Tensor expected, object actual) =>
        Assert.True(expected.Equals((Tensor)actual), $"Expected {expected.str()}, got {((Tensor)actual).str()}.");
}
