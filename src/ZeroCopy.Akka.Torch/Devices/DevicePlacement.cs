using TorchSharp;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Devices;

/// <summary>
/// Where a prototype lives. It is bound on the CPU and moved once; its clones share the moved weights, so that a device holds one copy for
/// all instances of the process.
/// </summary>
internal static class DevicePlacement
{
    /// <summary>
    /// The device that was asked for, the CPU where none was. A CUDA device without an index is the first one: it has one name, so that it
    /// holds one copy of the weights.
    /// </summary>
    /// <exception cref="DeviceUnavailableException">This process has no such device; the message says which there are.</exception>
    public static torch.Device Require(torch.Device? wanted)
    {
        switch (wanted?.type)
        {
            case null:
                return torch.CPU;
            case DeviceType.CPU or DeviceType.META:
                return wanted;
            case DeviceType.CUDA:
                break;
            default:
                throw Unavailable(wanted, "models run on the CPU or a CUDA device");
        }

        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (wanted.index < -1 || wanted.index >= count || count == 0)
        {
            throw Unavailable(
                wanted,
                count == 0
                    ? "libtorch sees no CUDA device here: build with TorchBackend=cuda-linux or cuda-windows, and check the driver"
                    : $"this process has {count} CUDA device(s), counted from 0");
        }

        return wanted.index < 0 ? new torch.Device(DeviceType.CUDA, 0) : wanted;
    }

    private static DeviceUnavailableException Unavailable(torch.Device wanted, string reason) =>
        new($"Device {wanted} was asked for, and {reason}.");

    /// <summary>Moves a prototype, which nothing was cloned from yet: clones share its native layers.</summary>
    public static torch.nn.Module Move(torch.nn.Module prototype, torch.Device device)
    {
        if (device.type != DeviceType.CPU)
        {
            ModuleMove.Move(prototype, device);
        }

        return prototype;
    }
}
