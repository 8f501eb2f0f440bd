using TorchSharp;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Answers that lie in a model's own memory, such as a state or a view of a weight: a later call may write there while somebody reads the
/// answer, so it has to be copied before the instance runs again.
/// </summary>
internal static class LentTensors
{
    /// <summary>
    /// Answers of up to so many bytes are copied without looking whose they are: a copy takes at most a tenth of a millisecond, a look at
    /// all that a model holds takes as long for a handful of layers and twenty times that for a large model.
    /// </summary>
    public const long CopiedAnyway = 1 << 20;

    /// <summary>
    /// The answer, or one with the same names whose tensors are copies where a part of it may lie in the memory of the model's tensors. A
    /// large answer on the host is looked at, a small one and one on a device are copied.
    /// </summary>
    /// <exception cref="NotSupportedException">It has to be copied, and holds something that is no output.</exception>
    public static object? Copy(object? answer, object target)
    {
        if (answer is torch.Tensor { IsInvalid: false } single)
        {
            return IsCheap(single) || IsOf(target, [single]) ? single.clone() : single;
        }

        var given = new List<torch.Tensor>();
        Answers.ForEach(answer, held =>
        {
            if (held is torch.Tensor { IsInvalid: false } tensor)
            {
                given.Add(tensor);
            }
        });
        return given.Count > 0 && (given.TrueForAll(IsCheap) || IsOf(target, given))
            // A dictionary's keys are the names of its parts.
            ? NamedAnswer.Parts(answer).ToDictionary(
                part => part.Name, part => part.Value is torch.Tensor tensor ? tensor.clone() : part.Value)
            : answer;
    }

    // What is sparse or on a device is no piece of memory to look at, and is copied on its way to the caller anyhow.
    private static bool IsCheap(torch.Tensor tensor) =>
        tensor.is_sparse || tensor.device_type != DeviceType.CPU || tensor.numel() * tensor.ElementSize <= CopiedAnyway;

    /// <summary>Whether one of the tensors lies where one of the model's does.</summary>
    private static bool IsOf(object target, List<torch.Tensor> given)
    {
        var own = new List<(nint From, nint To)>();
        Answers.ForEach(
            target,
            held =>
            {
                if (held is torch.Tensor tensor && PlaceOf(tensor) is { } place)
                {
                    own.Add(place);
                }
            },
            modules: true);
        return given.Exists(
            tensor => PlaceOf(tensor) is { } part && own.Exists(other => part.From < other.To && other.From < part.To));
    }

    /// <summary>Where the elements of a tensor on the host lie, gaps between them included; null for others.</summary>
    private static (nint From, nint To)? PlaceOf(torch.Tensor tensor)
    {
        if (tensor is not { IsInvalid: false, is_sparse: false, device_type: DeviceType.CPU }
            || TorchNative.Data(tensor) is not (not 0 and var address))
        {
            return null;
        }

        var extent = 1L;
        foreach (var (size, stride) in tensor.shape.Zip(tensor.stride()))
        {
            extent += (size - 1) * stride;
        }

        return (address, address + (nint)(extent * tensor.ElementSize));
    }
}
