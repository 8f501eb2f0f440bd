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
    private BatchKey? _last;

    /// <inheritdoc/>
    public bool TryDescribe(object? request, out int rows, out object key)
    {
        (rows, key) = (0, "");
        if (request is not BoundCall { Method.IsBatchable: true } call)
        {
            return false;
        }

        List<object?> leaves = [];
        List<object?> structure = [call.Method.Name];
        _ = TensorTree.TryFlatten(call.Values, leaves, structure);
        var agreed = -1L;
        var numbers = new List<long>(8);
        foreach (var leaf in leaves)
        {
            if (!TryAdd(leaf, numbers, ref agreed))
            {
                return false;
            }
        }

        if (agreed is not (> 0 and <= int.MaxValue))
        {
            return false;
        }

        var last = Volatile.Read(ref _last);
        if (last?.Is(structure, numbers) != true)
        {
            Volatile.Write(ref _last, last = new BatchKey(structure, numbers));
        }

        (rows, key) = ((int)agreed, last);
        return true;
    }

    /// <inheritdoc/>
    public IBatchCodec WithPadding(RequestPadding padding) => new PaddingCodec(this, new CallCodec(device), padding, device);

    /// <inheritdoc/>
    public object Join(IReadOnlyList<object> requests)
    {
        var first = (BoundCall)requests[0];
        var columns = requests.Select(request =>
        {
            List<object?> leaves = [];
            _ = TensorTree.TryFlatten(((BoundCall)request).Values, leaves, []);
            return leaves;
        }).ToArray();
        var joined = new List<object?>();
        try
        {
            using var noGradients = torch.no_grad();
            for (var i = 0; i < columns[0].Count; i++)
            {
                var leaf = columns[0][i];
                joined.Add(leaf is HostTensor or torch.Tensor ? Rows(Array.ConvertAll(columns, leaves => leaves[i])) : leaf);
            }

            return new BoundCall(first.Method, (object?[])TensorTree.Rebuild(first.Values, joined.GetEnumerator())!, isJoined: true);
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
            return left.Method.Name == right.Method.Name && TensorTree.AreSame(left.Values, right.Values, AreSameLeaves);
        }

        // By their names: an answer that was copied has other structure than one that was not.
        return PartsOrNull(one) is { } parts && PartsOrNull(other) is { } others && parts.Count == others.Count
            && parts.Zip(others).All(pair => pair.First.Name == pair.Second.Name && AreSameLeaves(pair.First.Value, pair.Second.Value));
    }

    /// <inheritdoc/>
    public void Release(object? value) => _tensors.Release(value);

    private static IReadOnlyList<(string Name, object Value)>? PartsOrNull(object? answer) =>
        answer is HostAnswer host
            ? [.. host.Parts.Select(part => (part.Name, part.IsText ? (object)part.ToText() : part.Tensor))]
            : SmallAnswer.PartsOrNull(answer);

    private static bool AreSameLeaves(object? one, object? other)
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
    /// Adds the type of a tensor, or of the layout that one is to have, and its shape behind the rows; false where it has no rows, or
    /// others.
    /// </summary>
    private static bool TryAdd(object? leaf, List<long> numbers, ref long rows) => leaf switch
    {
        HostTensor host => TryAdd(host.Layout.DType.ToScalarType(), host.Layout.Shape.AsSpan(), numbers, ref rows),
        torch.Tensor tensor => !tensor.IsInvalid && TorchNative.KindOf(tensor) is { IsSparse: false } own
            && TryAdd(own.Type, TorchNative.Shape(tensor), numbers, ref rows),
        TensorLayout layout => TryAdd(layout.DType.ToScalarType(), layout.Shape.AsSpan(), numbers, ref rows),
        _ => true,
    };

    private static bool TryAdd(torch.ScalarType type, ReadOnlySpan<long> shape, List<long> numbers, ref long rows)
    {
        if (shape.Length == 0 || (rows >= 0 && rows != shape[0]))
        {
            return false;
        }

        rows = shape[0];
        numbers.AddRange((long)type, shape.Length);
        numbers.AddRange(shape[1..]);
        return true;
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
}
