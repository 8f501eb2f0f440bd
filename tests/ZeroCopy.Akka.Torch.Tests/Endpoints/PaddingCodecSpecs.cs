using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class PaddingCodecSpecs : IDisposable
{
    private readonly List<object?> _made = [];
    private readonly MethodBinder _binder = MethodBinder.Of("model", typeof(Sentences));
    private readonly IBatchCodec _codec;

    public PaddingCodecSpecs() => _codec = _binder.Codec!.WithPadding(new RequestPadding
    {
        Buckets = [4, 8, 4096],
        Inputs = ImmutableSortedDictionary<string, double>.Empty.Add("ids", 7).Add("missing", 0),
        Mask = "mask",
    })!;

    public void Dispose() => _made.ForEach(value => _codec.Release(value));

    [Theory]
    [InlineData("masked", 3, 4)]
    [InlineData("masked", 5, 8)]
    [InlineData("masked", 9, 4000)]
    [InlineData("pointwise", 1, 3)]
    [InlineData("pointwise", 2000, 3000)]
    public void PaddingCodec_should_answer_calls_of_different_sizes_as_each_would_be_alone(string method, int one, int other)
    {
        var tensors = new TensorCheck();
        using var module = new Sentences();
        object[] calls = [Call(method, 2, one), Call(method, 1, other), Call(method, 1, other, mask: 1)];

        var (keys, parts) = Joined(module, calls[..2]);
        var single = calls.Select(call => Alone(module, call)).ToList();

        Assert.Equal(_codec.GroupOf(keys[0]), _codec.GroupOf(keys[1]));
        Assert.NotEqual(keys[0], keys[1]);
        Assert.Equal([true, true], parts.Zip(single, _codec.AreSame));
        var (_, masked) = Joined(module, [calls[2], calls[2]]);
        Assert.All(masked, part => Assert.True(_codec.AreSame(part, single[2])));
        Dispose();
        tensors.Verify();
    }

    [Fact]
    public void PaddingCodec_should_fill_up_to_the_next_bucket_with_the_number_of_the_input()
    {
        using var module = new Sentences();

        var (_, parts) = Joined(module, [Call("added", 1, 3), Call("added", 1, 4)]);

        Assert.Equal([1 + 2 + 3 + 7f], _binder.ToAnswer(parts[0]).Outputs[0].Tensor.Values<float>().ToArray());
        Assert.Equal([1 + 2 + 3 + 4f], _binder.ToAnswer(parts[1]).Outputs[0].Tensor.Values<float>().ToArray());
    }

    [Fact]
    public void PaddingCodec_should_show_that_padding_changes_answers()
    {
        using var module = new Sentences();
        var call = Call("added", 1, 3);

        var (_, parts) = Joined(module, [call, Call("added", 1, 4)]);

        Assert.False(_codec.AreSame(parts[0], Alone(module, call)));
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(4097, 4098)]
    [InlineData(8, 4097)]
    public void PaddingCodec_should_not_join_calls_of_different_buckets_or_without_one(int one, int other)
    {
        Assert.True(_codec.TryDescribe(Call("masked", 1, one), out _, out var key));
        Assert.True(_codec.TryDescribe(Call("masked", 1, other), out _, out var otherKey));

        Assert.NotEqual(_codec.GroupOf(key), _codec.GroupOf(otherKey));
    }

    [Fact]
    public void PaddingCodec_should_join_calls_without_a_bucket_with_those_of_their_size()
    {
        using var module = new Sentences();
        var calls = new[] { Call("masked", 1, 4097), Call("masked", 2, 4097) };

        var (keys, parts) = Joined(module, calls);

        Assert.Equal(keys[0], keys[1]);
        Assert.All(parts.Zip(calls), pair => Assert.True(_codec.AreSame(pair.First, Alone(module, pair.Second))));
    }

    [Fact]
    public void PaddingCodec_should_leave_out_calls_whose_inputs_do_not_agree()
    {
        using var call = _binder.Bind(
            "masked", [Input("ids", 1, 3), new NamedTensor("mask", HostTensor.From<long>(DType.Int64, [1, 1], 1, 2))]);

        Assert.True(_codec.TryDescribe(call, out _, out var key));
        Assert.Equal(key, _codec.GroupOf(key));
    }

    [Fact]
    public void PaddingCodec_should_keep_apart_calls_with_a_mask_and_without()
    {
        Assert.True(_codec.TryDescribe(Call("masked", 1, 3), out _, out var key));
        Assert.True(_codec.TryDescribe(Call("masked", 1, 3, mask: 1), out _, out var otherKey));

        Assert.NotEqual(_codec.GroupOf(key), _codec.GroupOf(otherKey));
    }

    [Fact]
    public void TorchBatchCodec_should_not_pad() => Assert.Null(((IBatchCodec)new ZeroCopy.Torch.Batching.TorchBatchCodec()).WithPadding(
        new RequestPadding { Buckets = [4], Inputs = ImmutableSortedDictionary<string, double>.Empty }));

    private (List<object> Keys, List<object> Parts) Joined(Sentences module, object[] calls)
    {
        var (keys, rows) = (new List<object>(), new List<int>());
        foreach (var call in calls)
        {
            Assert.True(_codec.TryDescribe(call, out var count, out var key));
            keys.Add(key);
            rows.Add(count);
        }

        var joined = _codec.Join(calls);
        var parts = _codec.Split(ModelCall.Run(_binder.Run, module, joined)!, rows);
        _codec.Release(joined);
        parts = [.. parts.Zip(keys, _codec.Cut)];
        _made.AddRange(parts);
        return (keys, [.. parts]);
    }

    private object? Alone(Sentences module, object call)
    {
        var answer = ModelCall.Run(_binder.Run, module, call);
        _made.Add(answer);
        return answer;
    }

    private object Call(string method, int rows, int size, long? mask = null)
    {
        List<NamedTensor> inputs = [Input("ids", rows, size)];
        if (mask is { } number)
        {
            inputs.Add(new NamedTensor(
                "mask", HostTensor.From<long>(DType.Int64, [.. Enumerable.Repeat(number, rows * size)], rows, size)));
        }

        var call = _binder.Bind(method, inputs);
        _made.Add(call);
        return call;
    }

    private static NamedTensor Input(string name, int rows, int size) => new(
        name, HostTensor.From<float>(DType.Float32, [.. Enumerable.Range(1, rows * size).Select(i => (float)i)], rows, size));

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
    private sealed class Sentences() : torch.nn.Module("sentences")
    {
        public (torch.Tensor, torch.Tensor) masked(torch.Tensor ids, torch.Tensor? mask = null)
        {
            var counted = mask is null ? ids : ids * mask;
            return (counted / counted.amax([1], keepdim: true), counted.mean([1]) * ids.shape[1] / (mask ?? torch.ones_like(ids)).sum(1));
        }

        public torch.Tensor pointwise(torch.Tensor ids, torch.Tensor? mask = null) => ids.unsqueeze(2) * torch.ones(3);

        public torch.Tensor added(torch.Tensor ids) => ids.sum(1);
    }
}
