using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Batching;

/// <summary>
/// Joins requests that are tensors, or arrays, <see cref="List{T}"/>, tuples (of up to seven) and <see cref="Dictionary{TKey,TValue}"/> of
/// tensors, nested at will, whose first dimensions agree. A null joins with nulls in the same place. Thread-safe.
/// </summary>
/// <remarks>
/// Requests join that have the same structure and, tensor by tensor, the same element type, device and shape behind the first dimension.
/// Joining copies each request once, taking apart copies each answer once; gradients are not recorded. Every tensor made here is detached
/// from the dispose scope of the thread and belongs to the caller.
/// </remarks>
public sealed class TorchBatchCodec : IBatchCodec
{
    // Requests of a pool are mostly of one kind: those who compare its keys then compare references.
    private BatchKey? _last;

    /// <inheritdoc/>
    public bool TryDescribe(object? request, out int rows, out object key)
    {
        key = Describe(request, [], out rows) is { } described ? described : "";
        return rows > 0;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no request, or the requests are not of one key.</exception>
    public object Join(IReadOnlyList<object> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        if (requests.Count == 0)
        {
            throw new ArgumentException("There is no request to join.", nameof(requests));
        }

        if (requests[0] is torch.Tensor)
        {
            return JoinTensors(requests);
        }

        BatchKey? first = null;
        var columns = new List<List<torch.Tensor?>>(requests.Count);
        foreach (var (index, request) in requests.Index())
        {
            List<torch.Tensor?> leaves = [];
            if (Describe(request, leaves, out _) is not { } key || !key.Equals(first ??= key))
            {
                throw Other(index, nameof(requests));
            }

            columns.Add(leaves);
        }

        List<torch.Tensor?> joined = [];
        try
        {
            using var noGradients = torch.no_grad();
            for (var leaf = 0; leaf < columns[0].Count; leaf++)
            {
                joined.Add(columns[0][leaf] is null
                    ? null
                    : torch.cat([.. columns.Select(column => column[leaf]!)]).DetachFromDisposeScope());
            }

            return TensorTree.Rebuild(requests[0], joined.GetEnumerator())!;
        }
        catch
        {
            Release(joined);
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(rows);
        var parts = new List<torch.Tensor?>[rows.Count];
        try
        {
            var leaves = LeavesOf(answer, rows).ConvertAll(leaf => leaf is null ? null : new TensorRows(leaf));
            using var noGradients = torch.no_grad();
            var at = 0L;
            for (var i = 0; i < rows.Count; i++)
            {
                parts[i] = [];
                foreach (var leaf in leaves)
                {
                    parts[i].Add(leaf?.Copy(at, rows[i]));
                }

                at += rows[i];
            }

            return [.. parts.Select(part => TensorTree.Rebuild(answer, part.GetEnumerator())!)];
        }
        catch
        {
            Release(parts);
            throw;
        }
        finally
        {
            Release(answer);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Close means within a share of the tensor's largest number that is finite: 1e-4 for Float32, 1e-9 for Float64, 1e-2 for Float16 and
    /// 5e-2 for BFloat16. What holds anything but tensors is the same as nothing.
    /// </remarks>
    public bool AreSame(object? one, object? other) => TensorTree.AreSame(
        one,
        other,
        static (left, right) => left is null or torch.Tensor && TensorCloseness.AreClose(left as torch.Tensor, right as torch.Tensor));

    /// <inheritdoc/>
    public void Release(object? value) => Answers.Release(value);

    private static torch.Tensor JoinTensors(IReadOnlyList<object> requests)
    {
        var tensors = new torch.Tensor[requests.Count];
        var (kind, shape) = (default(TorchNative.TensorKind), Array.Empty<long>());
        for (var i = 0; i < tensors.Length; i++)
        {
            if (requests[i] is not torch.Tensor { IsInvalid: false } tensor)
            {
                throw Other(i, nameof(requests));
            }

            tensors[i] = tensor;
            var (own, size) = (TorchNative.KindOf(tensor), TorchNative.Shape(tensor));
            if (i == 0)
            {
                (kind, shape) = (own, size);
            }

            // What libtorch would make one of joins with nothing here: it converts to the wider type.
            if (own.IsSparse || own != kind || size.Length == 0 || size.Length != shape.Length
                || !size.AsSpan(1).SequenceEqual(shape.AsSpan(1)))
            {
                throw Other(i, nameof(requests));
            }
        }

        using var noGradients = torch.no_grad();
        return torch.cat(tensors).DetachFromDisposeScope();
    }

    private static ArgumentException Other(int index, string parameter) => new(
        $"Request {index} does not join with the first: its structure, element types, devices or shapes differ.", parameter);

    /// <summary>The key of a request, whose tensors are added to the leaves; null, and no rows, where it joins with none.</summary>
    private BatchKey? Describe(object? request, List<torch.Tensor?> leaves, out int rows)
    {
        rows = 0;
        List<object?> structure = [];
        if (!TensorTree.TryFlatten(request, leaves, structure))
        {
            return null;
        }

        long? agreed = null;
        var numbers = new List<long>(8);
        foreach (var leaf in leaves)
        {
            if (leaf is null)
            {
                continue;
            }

            if (leaf.IsInvalid || TorchNative.KindOf(leaf) is not { IsSparse: false } kind)
            {
                return null;
            }

            var shape = TorchNative.Shape(leaf);
            if (shape.Length == 0 || (agreed ??= shape[0]) != shape[0])
            {
                return null;
            }

            numbers.AddRange((long)kind.Type, (long)kind.Device, kind.DeviceIndex, shape.Length);
            numbers.AddRange(shape.AsSpan(1));
        }

        if (agreed is not (> 0 and <= int.MaxValue))
        {
            return null;
        }

        rows = (int)agreed;
        var last = Volatile.Read(ref _last);
        if (last?.Is(structure, numbers) != true)
        {
            Volatile.Write(ref _last, last = new BatchKey(structure, numbers));
        }

        return last;
    }

    /// <summary>The tensors of an answer to a joined call, in its order.</summary>
    /// <exception cref="InferenceException">It is of another kind, or has other rows.</exception>
    internal static List<torch.Tensor?> LeavesOf(object answer, IReadOnlyList<int> rows)
    {
        List<torch.Tensor?> leaves = [];
        if (!TensorTree.TryFlatten(answer, leaves, []))
        {
            throw new InferenceException(
                InferenceFailure.ModelError,
                $"The model answered a joined call with a {answer.GetType().Name}, which cannot be taken apart: only tensors, and "
                + "arrays, lists, tuples and dictionaries of tensors can.");
        }

        var total = rows.Sum(count => (long)count);
        foreach (var leaf in leaves)
        {
            if (leaf is not null && (leaf.dim() == 0 || TorchNative.Shape(leaf)[0] != total))
            {
                throw new InferenceException(
                    InferenceFailure.ModelError,
                    $"The model answered a joined call of {total} rows ({string.Join(" + ", rows)}) with a tensor of shape "
                    + $"[{string.Join(", ", leaf.shape)}], whose first dimension is not {total}.");
            }
        }

        return leaves;
    }
}
