using System.Diagnostics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Guards against a oneDNN whose numbers are wrong. On some processors with AVX-512 (seen: AMD family 26 in a virtual machine, oneDNN 3.7.1
/// in libtorch 2.10) small LSTMs without gradients are off by up to 0.5 and many convolutions give NaN, without any error. There libtorch's
/// own kernels take over, for all operations.
/// </summary>
internal static class OneDnn
{
    private const float Tolerance = 1e-3f;
    private static readonly Lazy<string?> Checked = new(Check);

    /// <summary>A line for the log where oneDNN was found wrong; null where it was not, or was not checked yet.</summary>
    public static string? Remark => Checked.IsValueCreated ? Checked.Value : null;

    /// <summary>
    /// Compares once in a process what oneDNN computes with what libtorch computes itself, and switches oneDNN off where they differ.
    /// </summary>
    public static void Guard() => _ = Checked.Value;

    /// <summary>
    /// The largest difference between an LSTM computed with gradients, which libtorch does itself, and without, which oneDNN does where it
    /// is switched on.
    /// </summary>
    public static float LstmError()
    {
        // Whoever seeded libtorch's generator gets the numbers that belong to the seed.
        using var scope = NewDisposeScope();
        var randomness = get_rng_state();
        var lstm = nn.LSTM(4, 4, batchFirst: true);
        set_rng_state(randomness);
        try
        {
            using (no_grad())
            {
                foreach (var (_, parameter) in lstm.named_parameters())
                {
                    parameter.copy_(arange(parameter.numel(), dtype: ScalarType.Float32).sin().view(parameter.shape));
                }
            }

            var input = arange(40, dtype: ScalarType.Float32).cos().view(2, 5, 4);
            using var gradients = enable_grad();
            var expected = lstm.call(input).Item1.detach();
            using var none = no_grad();
            return (lstm.call(input).Item1 - expected).abs().max().item<float>();
        }
        finally
        {
            ModuleDisposal.Release(lstm);
        }
    }

    /// <summary>Whether a difference is one of rounding; NaN is none.</summary>
    public static bool IsRight(float error) => error <= Tolerance;

    private static string? Check()
    {
        if (!System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
        {
            return null;
        }

        var error = LstmError();
        if (IsRight(error))
        {
            return null;
        }

        SwitchOff();
        var remark = $"oneDNN computes wrong numbers on this processor (an LSTM is off by {error:0.###})" + (IsRight(LstmError())
            ? ", so it is switched off; libtorch's own kernels compute instead."
            : " and could not be switched off; set ONEDNN_MAX_CPU_ISA=AVX2 before the start.");
        Trace.WriteLine(remark, "ZeroCopy.Torch");
        return remark;
    }

    // TorchSharp has no call for it. NNPACK would stand in for convolutions, and warns about each on processors that it does not know.
    private static unsafe void SwitchOff()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libtorch_cpu.so", out var library)
            || !NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context)
            || !NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledMkldnnEb", out var enableOneDnn)
            || !NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledNNPACKEb", out var enableNnpack))
        {
            return;
        }

        var settings = ((delegate* unmanaged[Cdecl]<nint>)context)();
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)enableOneDnn)(settings, 0);
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)enableNnpack)(settings, 0);
    }
}
