using System.Reflection;
using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Joins calls whose inputs differ in the size of the dimension behind the rows: they are padded when they are joined, and their answers
/// are cut. A call that runs alone is left as it is. Thread-safe.
/// </summary>
/// <param name="calls">Joins calls of equal shapes.</param>
/// <param name="groups">Describes what calls are padded to; another one, as a codec remembers what it described last.</param>
/// <param name="padding">What is padded, and to what.</param>
/// <param name="device">Where the model runs; null for the CPU.</param>
internal sealed class PaddingCodec(CallCodec calls, CallCodec groups, RequestPadding padding, torch.Device? device) : IBatchCodec
{
    private const int Dimension = 1;

    /// <inheritdoc/>
    public bool TryDescribe(object? request, out int rows, out object key)
    {
        if (!calls.TryDescribe(request, out rows, out key))
        {
            return false;
        }

        var call = (BoundCall)request!;
        if (SizeOf(call) is { } size && padding.BucketOf(size) is { } bucket)
        {
            var layouts = new BoundCall(call.Method, With(call, (value, _) => LayoutOf(value, bucket)));
            _ = groups.TryDescribe(layouts, out _, out var group);
            key = new PaddedKey(key, group, size, bucket);
        }

        return true;
    }

    /// <inheritdoc/>
    public object GroupOf(object key) => key is PaddedKey own ? own.Group : key;

    /// <inheritdoc/>
    public object Join(IReadOnlyList<object> requests)
    {
        if (SizeOf((BoundCall)requests[0]) is not { } size || padding.BucketOf(size) is not { } bucket)
        {
            return calls.Join(requests);
        }

        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        return calls.Join([.. requests.Cast<BoundCall>().Select(call => Padded(call, SizeOf(call)!.Value, bucket))]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows) => calls.Split(answer, rows);

    /// <inheritdoc/>
    public object Cut(object answer, object key)
    {
        if (key is not PaddedKey { Size: var size, Bucket: var bucket } || size == bucket)
        {
            return answer;
        }

        using var scope = torch.NewDisposeScope();
        if (answer is HostAnswer host)
        {
            return new HostAnswer([.. host.Parts.Select(part => part.Shape.Length > Dimension && part.Shape[Dimension] == bucket
                ? new NamedTensor(part.Name, part.Tensor.ToTorch().narrow(Dimension, 0, size).ToHost())
                : part)]);
        }

        try
        {
            List<torch.Tensor?> leaves = [];
            _ = TensorTree.TryFlatten(answer, leaves, []);
            var cut = leaves.ConvertAll(leaf => leaf is null ? null : Cut(leaf, size, bucket).DetachFromDisposeScope());
            return TensorTree.Rebuild(answer, cut.GetEnumerator())!;
        }
        finally
        {
            Release(answer);
        }
    }

    /// <inheritdoc/>
    public bool AreSame(object? one, object? other) => calls.AreSame(one, other);

    /// <inheritdoc/>
    public void Release(object? value) => calls.Release(value);

    private static ReadOnlySpan<long> ShapeOf(object? value) => value switch
    {
        HostTensor host => host.Layout.Shape.AsSpan(),
        torch.Tensor tensor => TorchNative.Shape(tensor),
        _ => [],
    };

    /// <summary>The size that the inputs to pad have; null where there is none of them, or they do not agree.</summary>
    private long? SizeOf(BoundCall call)
    {
        long? size = null;
        for (var i = 0; i < call.Values.Length; i++)
        {
            var name = call.Method.Inputs[i].Name;
            var shape = ShapeOf(call.Values[i]);
            if (shape.IsEmpty || (name != padding.Mask && !padding.Inputs.ContainsKey(name)))
            {
                continue;
            }

            if (shape.Length <= Dimension || (size is { } agreed && agreed != shape[Dimension]))
            {
                return null;
            }

            size = shape[Dimension];
        }

        return size;
    }

    /// <summary>The call's arguments, with others in place of the tensors to pad.</summary>
    /// <param name="call">The call.</param>
    /// <param name="pad">What stands for a tensor, which is padded with a number.</param>
    private object?[] With(BoundCall call, Func<object, double, object> pad)
    {
        var values = (object?[])call.Values.Clone();
        for (var i = 0; i < values.Length; i++)
        {
            var name = call.Method.Inputs[i].Name;
            if (!ShapeOf(values[i]).IsEmpty && (padding.Inputs.TryGetValue(name, out var number) || name == padding.Mask))
            {
                values[i] = pad(values[i]!, number);
            }
        }

        return values;
    }

    private static TensorLayout LayoutOf(object value, int bucket)
    {
        var shape = ShapeOf(value).ToArray();
        shape[Dimension] = bucket;
        return new TensorLayout(value is HostTensor host ? host.Layout.DType : ((torch.Tensor)value).dtype.ToDType(), shape);
    }

    // Its tensors are the current dispose scope's.
    private BoundCall Padded(BoundCall call, long size, int bucket)
    {
        var rows = 0L;
        var values = With(call, (value, number) =>
        {
            var given = value as torch.Tensor ?? TorchArguments.To(device, ((HostTensor)value).ToTorch());
            var filler = number.ToScalar();
            var full = torch.full(LayoutOf(value, bucket).Shape.AsSpan(), filler, dtype: given.dtype, device: given.device);
            GC.KeepAlive(filler);
            full.narrow(Dimension, 0, size).copy_(given);
            rows = given.shape[0];
            return full;
        });
        for (var i = 0; i < values.Length; i++)
        {
            var input = call.Method.Inputs[i];
            if (input.Name == padding.Mask && values[i] is null or Missing)
            {
                var mask = torch.zeros([rows, bucket], dtype: (input.DType ?? DType.Int64).ToScalarType(), device: device);
                mask.narrow(Dimension, 0, size).copy_(torch.ones([rows, size], dtype: mask.dtype, device: device));
                values[i] = mask;
            }
        }

        return new BoundCall(call.Method, values);
    }

    private static torch.Tensor Cut(torch.Tensor answer, long size, int bucket) =>
        answer.dim() > Dimension && answer.shape[Dimension] == bucket ? answer.narrow(Dimension, 0, size).clone() : answer.alias();

    /// <summary>The key of a call that is padded where it is joined.</summary>
    /// <param name="Key">That of the call alone.</param>
    /// <param name="Group">That of the call as it is padded.</param>
    /// <param name="Size">What its inputs have in the dimension that is padded.</param>
    /// <param name="Bucket">What they have when they are padded.</param>
    private sealed record PaddedKey(object Key, object Group, long Size, int Bucket);
}
