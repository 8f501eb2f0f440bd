using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>Copies of arguments.</summary>
internal static class TorchArguments
{
    /// <summary>
    /// An argument that is a tensor of no more bytes is copied to managed memory until its call runs: the model's thread then makes a
    /// native tensor of it, or one of all that it joins.
    /// </summary>
    private const int LargestOnHost = 16 << 10;

    /// <summary>
    /// Copies of the values: small tensors on the host, others as tensors of libtorch, on a device or null for the CPU. The caller releases
    /// them.
    /// </summary>
    public static object?[] Of(object?[] values, torch.Device? device) => All(values, device, LargestOnHost);

    /// <summary>
    /// The values as a model takes them, with tensors of libtorch in place of those of the host, which the current dispose scope owns.
    /// </summary>
    public static object?[] ToTorch(object?[] values, torch.Device? device)
    {
        if (!values.Any(static value => value is HostTensor))
        {
            return values;
        }

        var given = new object?[values.Length];
        for (var i = 0; i < given.Length; i++)
        {
            given[i] = values[i] is HostTensor host ? To(device, host.ToTorch()) : values[i];
        }

        return given;
    }

    /// <summary>The tensor on a device, or null for the CPU, where a new one is made.</summary>
    public static torch.Tensor To(torch.Device? device, torch.Tensor tensor)
    {
        if (device is null)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.to(device);
        }
    }

    private static object?[] All(object?[] values, torch.Device? device, int largestOnHost)
    {
        var copies = new object?[values.Length];
        try
        {
            for (var i = 0; i < copies.Length; i++)
            {
                copies[i] = values[i] is HostTensor small && small.Data.Length <= largestOnHost
                    ? new HostTensor(small.Layout, small.Data.ToArray())
                    : Copy(values[i], device);
            }

            return copies;
        }
        catch
        {
            Answers.Release(copies);
            throw;
        }
    }

    private static object? Copy(object? value, torch.Device? device) => value switch
    {
        HostTensor tensor => To(device, tensor.ToTorch()).DetachFromDisposeScope(),
        object?[] items => Inner(items, device),
        List<object?> items => new List<object?>(Inner([.. items], device)),
        Dictionary<object, object?> items =>
            items.Keys.Zip(Inner([.. items.Values], device)).ToDictionary(item => item.First, item => item.Second),
        _ => value,
    };

    // Nothing inside of a list, tuple or dictionary stays on the host: the model's thread looks at the arguments alone.
    private static object?[] Inner(object?[] items, torch.Device? device) => All(items, device, largestOnHost: -1);
}
