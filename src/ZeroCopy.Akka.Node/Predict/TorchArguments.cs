using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Predict;

/// <summary>Arguments with tensors of libtorch in place of those on the host.</summary>
internal static class TorchArguments
{
    /// <summary>The value as a model takes it; the tensors belong to the dispose scope of the call.</summary>
    public static object? Of(object? value) => value switch
    {
        HostTensor tensor => tensor.ToTorch(),
        object?[] items => Array.ConvertAll(items, Of),
        List<object?> items => items.ConvertAll(Of),
        Dictionary<object, object?> items => items.ToDictionary(item => item.Key, item => Of(item.Value)),
        _ => value,
    };
}
