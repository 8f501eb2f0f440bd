using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Tests.Devices;

/// <summary>The machine's first CUDA device, for specs that need one.</summary>
internal static class CudaDevice
{
    /// <summary>
    /// The device, as a user names it; skips the spec where there is none. Products of matrices are exact to Float32 from here on.
    /// </summary>
    public static torch.Device Require()
    {
        Skip.IfNot(torch.cuda.is_available(), "No CUDA device here.");
        torch.backends.cuda.matmul.allow_tf32 = false;
        torch.backends.cudnn.allow_tf32 = false;
        return torch.CUDA;
    }

    /// <summary>Data of a theory that needs the device: where there is none, one row stands for them all.</summary>
    public static TheoryData<string> Rows(IEnumerable<string> names) => torch.cuda.is_available() ? [.. names] : ["each"];

    /// <summary>Bytes of the device that no process has; what libtorch keeps for its next tensor is not among them.</summary>
    public static long FreeBytes()
    {
        torch.cuda.synchronize();
        Assert.Equal(0, MemoryInfo(out var free, out _));
        return (long)free;
    }

    [DllImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static extern int MemoryInfo(out nuint free, out nuint total);
}
