using TorchSharp;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Devices;

/// <summary>
/// Where a prototype lives. It is bound on the CPU and moved once; its clones share the moved weights, so that a device holds one copy for all
/// instances of the process.
/// </summary>
internal static class DevicePlacement
{
    /// <summary>Fails where this process has no such device.</summary>
    /// <exception cref="DeviceUnavailableException">No such device; the message says which there are.</exception>
    public static void Require(torch.Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            return;
        }

        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (Math.Max(0, device.index) >= count)
        {
            throw new DeviceUnavailableException(
                count == 0
                    ? $"OpenOptions.Device asks for {device}, and libtorch sees no CUDA device here: build with TorchBackend=cuda-linux or cuda-windows, and check the driver."
                    : $"OpenOptions.Device asks for {device}, and this process has {count} CUDA device(s), counted from 0.");
        }
    }

    /// <summary>Moves a prototype, which nothing was cloned from yet: clones share its native layers.</summary>
    public static torch.nn.Module Move(torch.nn.Module prototype, torch.Device device)
    {
        if (device.type != DeviceType.CPU)
        {
            using var frozen = torch.no_grad();
            prototype.to(device);
        }

        return prototype;
    }
}
