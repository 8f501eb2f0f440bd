using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Joins calls of one method whose numbers and texts are equal and whose tensors agree in type, in their rows, and in their shape behind
/// those; a tensor without dimensions has no rows, so a call with one runs alone. Thread-safe.
/// </summary>
/// <remarks>
/// What is small lies on the host in requests and answers: requests are copied from there into one tensor, and answers are copied from one
/// tensor to there, without a native tensor for each.
/// </remarks>
/// <param name="device">Where the model runs; null for the CPU.</param>
internal sealed class CallCodec(torch.Device? device) : IBatchCodec
{
    private readonly TorchBatchCodec _tensors = new();

    // Most calls of a model are of one kind.
    private CallKey? _last;

    /// <inheritdoc/>
    public bool TryDescribe(object? request, out int rows, out object key)
    {
        (rows, key) = (0, "");
        if (request is not BoundCall { Method.IsBatchable: true } call)
        {
            return false;
        }

        var seen = new Kind([], []);
        var agreed = -1L;
        foreach (var value in call.Values)
        {
            if (!TryAdd(value, seen, ref agreed))
            {
                return false;
            }
        }

        if (agreed is not (> 0 and <= int.MaxValue))
        {
            return false;
        }

        var last = Volatile.Read(ref _last);
        if (last?.Is(call.Method.Name, seen) != true)
        {
            Volatile.Write(ref _last, last = new CallKey(call.Method.Name, seen));
        }

        (rows, key) = ((int)agreed, last);
        return true;
    }

    /// <inheritdoc/>
    public IBatchCodec WithPadding(RequestPadding padding) => new PaddingCodec(this, new CallCodec(device), padding, device);

    /// <inheritdoc/>
    public object Join(IReadOnlyList<object> requests)
    {
        var calls = new BoundCall[requests.Count];
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i] = (BoundCall)requests[i];
        }

        var first = calls[0].Values;
        var joined = new object?[first.Length];
        try
        {
            using var noGradients = torch.no_grad();
            for (var i = 0; i < joined.Length; i++)
            {
                joined[i] = Joined(Array.ConvertAll(calls, call => call.Values[i]));
            }

            return new BoundCall(calls[0].Method, joined, isJoined: true);
        }
        catch
        {
            Answers.Release(joined);
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows)
    {
        try
        {
            var leaves = TorchBatchCodec.LeavesOf(answer, rows);
            if (leaves.Contains(null)
                || leaves.Sum(leaf => leaf!.numel() * leaf.ElementSize) / rows.Sum() * rows.Max() > HostAnswer.Largest)
            {
                return _tensors.Split(answer, rows);
            }

            var parts = NamedAnswer.Parts(answer);
            var whole = parts.Select(part => ((torch.Tensor)part.Value).ToHost()).ToArray();
            var answers = new object[rows.Count];
            var at = 0;
            for (var i = 0; i < answers.Length; i++)
            {
                var outputs = ImmutableArray.CreateBuilder<NamedTensor>(parts.Count);
                for (var part = 0; part < parts.Count; part++)
                {
                    outputs.Add(new NamedTensor(parts[part].Name, Rows(whole[part], at, rows[i])));
                }

                answers[i] = new HostAnswer(outputs.MoveToImmutable());
                at += rows[i];
            }

            return answers;
        }
        finally
        {
            Release(answer);
        }
    }

    /// <inheritdoc/>
    public bool AreSame(object? one, object? other)
    {
        if (one is BoundCall left && other is BoundCall right)
        {
            return left.Method.Name == right.Method.Name && left.Values.Length == right.Values.Length
                && left.Values.Zip(right.Values).All(pair => AreSameValues(pair.First, pair.Second));
        }

        // By their names: an answer that was copied has other structure than one that was not.
        return PartsOrNull(one) is { } parts && PartsOrNull(other) is { } others && parts.Count == others.Count
            && parts.Zip(others).All(pair => pair.First.Name == pair.Second.Name && AreSameValues(pair.First.Value, pair.Second.Value));
    }

    /// <inheritdoc/>
    public void Release(object? value) => _tensors.Release(value);

    private static IReadOnlyList<(string Name, object Value)>? PartsOrNull(object? answer) =>
        answer is HostAnswer host
            ? [.. host.Parts.Select(part => (part.Name, part.IsText ? (object)part.ToText() : part.Tensor))]
            : SmallAnswer.PartsOrNull(answer);

    private static bool AreSameValues(object? one, object? other)
    {
        switch (one, other)
        {
            case (HostTensor left, HostTensor right) when left.Layout.Equals(right.Layout) && left.Data.Span.SequenceEqual(right.Data.Span):
                return true;
            case (HostTensor or torch.Tensor, HostTensor or torch.Tensor):
                using (torch.NewDisposeScope())
                {
                    return TensorCloseness.AreClose(Native(one), Native(other));
                }

            case (object?[] left, object?[] right):
                return left.Length == right.Length && left.Zip(right).All(pair => AreSameValues(pair.First, pair.Second));
            case (List<object?> left, List<object?> right):
                return left.Count == right.Count && left.Zip(right).All(pair => AreSameValues(pair.First, pair.Second));
            case (Dictionary<object, object?> left, Dictionary<object, object?> right):
                return left.Count == right.Count
                    && left.All(item => right.TryGetValue(item.Key, out var value) && AreSameValues(item.Value, value));
            default:
                return Equals(one, other);
        }
    }

    private static torch.Tensor Native(object? value) => value as torch.Tensor ?? ((HostTensor)value!).ToTorch();

    private static HostTensor Rows(HostTensor whole, int from, int count)
    {
        var shape = whole.Layout.Shape.ToArray();
        var row = whole.Data.Length / (int)shape[0];
        shape[0] = count;
        return new HostTensor(new TensorLayout(whole.Layout.DType, shape), whole.Data.Slice(from * row, count * row).ToArray());
    }

    /// <summary>
    /// Adds a value to what is known of a call, or the layout that a tensor is to have; false where it has a tensor without rows, or of
    /// other rows.
    /// </summary>
    private static bool TryAdd(object? value, Kind kind, ref long rows)
    {
        switch (value)
        {
            case HostTensor host:
                return TryAdd(host.Layout.DType.ToScalarType(), host.Layout.Shape.AsSpan(), kind, ref rows);
            case torch.Tensor tensor:
                return !tensor.IsInvalid && TorchNative.KindOf(tensor) is { IsSparse: false } own
                    && TryAdd(own.Type, TorchNative.Shape(tensor), kind, ref rows);
            case TensorLayout layout:
                return TryAdd(layout.DType.ToScalarType(), layout.Shape.AsSpan(), kind, ref rows);
            case object?[] items:
                kind.Structure.Add((typeof(object[]), items.Length));
                return TryAddAll(items, kind, ref rows);
            case List<object?> items:
                kind.Structure.Add((typeof(List<object>), items.Count));
                return TryAddAll(items, kind, ref rows);
            case Dictionary<object, object?> items:
                kind.Structure.Add((typeof(Dictionary<object, object>), items.Count));
                foreach (var (key, item) in items)
                {
                    kind.Structure.Add(key);
                    if (!TryAdd(item, kind, ref rows))
                    {
                        return false;
                    }
                }

                return true;
            default:
                kind.Structure.Add(value);
                return true;
        }
    }

    private static bool TryAddAll(IEnumerable<object?> items, Kind kind, ref long rows)
    {
        foreach (var item in items)
        {
            if (!TryAdd(item, kind, ref rows))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryAdd(torch.ScalarType type, ReadOnlySpan<long> shape, Kind kind, ref long rows)
    {
        if (shape.Length == 0 || (rows >= 0 && rows != shape[0]))
        {
            return false;
        }

        rows = shape[0];
        kind.Structure.Add(typeof(torch.Tensor));
        kind.Numbers.AddRange((long)type, shape.Length);
        kind.Numbers.AddRange(shape[1..]);
        return true;
    }

    /// <summary>What is given for one argument by calls of one kind, as one.</summary>
    private object? Joined(object?[] values)
    {
        switch (values[0])
        {
            case HostTensor or torch.Tensor:
                return Rows(values);
            case object?[] items:
                return items.Select((_, i) => Joined(Array.ConvertAll(values, value => ((object?[])value!)[i]))).ToArray();
            case List<object?> items:
                return items.Select((_, i) => Joined(Array.ConvertAll(values, value => ((List<object?>)value!)[i]))).ToList();
            case Dictionary<object, object?> items:
                return items.Keys.ToDictionary(
                    key => key, key => Joined(Array.ConvertAll(values, value => ((Dictionary<object, object?>)value!)[key])));
            default:
                return values[0];
        }
    }

    private torch.Tensor Rows(object?[] values)
    {
        var hosts = new HostTensor[values.Length];
        var rows = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not HostTensor host)
            {
                using var scope = torch.NewDisposeScope();
                return torch.cat([.. values.Select(value => value as torch.Tensor ?? TorchArguments.To(device, Native(value)))])
                    .DetachFromDisposeScope();
            }

            hosts[i] = host;
            rows += host.Layout.Shape[0];
        }

        var shape = hosts[0].Layout.Shape.ToArray();
        shape[0] = rows;
        return TorchArguments.To(device, new ReadOnlySpan<HostTensor>(hosts).ToTorch(shape)).DetachFromDisposeScope();
    }

    /// <summary>What calls that join agree in: structure with numbers and texts; and types and shapes of the tensors.</summary>
    private readonly record struct Kind(List<object?> Structure, List<long> Numbers);

    /// <summary>Which calls join.</summary>
    private sealed class CallKey(string method, Kind kind) : IEquatable<CallKey>
    {
        private readonly string _method = method;
        private readonly BatchKey _kind = new(kind.Structure, kind.Numbers);

        public bool Is(string method, Kind kind) => _method == method && _kind.Is(kind.Structure, kind.Numbers);

        public bool Equals(CallKey? other) =>
            ReferenceEquals(this, other) || (other is not null && _method == other._method && _kind.Equals(other._kind));

        public override bool Equals(object? obj) => Equals(obj as CallKey);

        public override int GetHashCode() => _kind.GetHashCode();
    }
}
