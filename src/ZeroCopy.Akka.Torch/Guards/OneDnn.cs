using System.Runtime.InteropServices;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Guards;

/// <summary>
/// Guards against a oneDNN whose numbers are wrong. On some processors (seen: AMD family 26 in a virtual machine, oneDNN 3.7.1 in libtorch
/// 2.10) small LSTMs without gradients are off by up to 0.5, with AVX-512, and many convolutions are wrong or NaN, also where oneDNN is
/// held to AVX2, without any error. There libtorch's own kernels take over, for all operations.
/// </summary>
internal static class OneDnn
{
    private const float Tolerance = 1e-3f;
    private const int Rows = 2;
    private const int Steps = 5;
    private const int Size = 4;
    private const int Images = 2;
    private const int Inputs = 17;
    private const int Outputs = 4;
    private const int Width = 5;
    private const int Height = 14;
    private static readonly Lazy<bool> Checked = new(Check);

    /// <summary>
    /// Compares once in a process what oneDNN computes with the same by hand, and switches oneDNN off where they differ.
    /// </summary>
    public static void Guard() => _ = Checked.Value;

    /// <summary>
    /// The largest difference between what a small LSTM returns without gradients, which oneDNN computes where it is switched on, and the
    /// same by hand.
    /// </summary>
    /// <remarks>
    /// By hand, not by libtorch with gradients: the kernels for that would stay in every process, 3 MB that nobody calls again.
    /// </remarks>
    public static float LstmError()
    {
        // Whoever seeded libtorch's generator gets the numbers that belong to the seed.
        using var scope = NewDisposeScope();
        var randomness = get_rng_state();
        var lstm = nn.LSTM(Size, Size, batchFirst: true);
        set_rng_state(randomness);
        try
        {
            using var none = no_grad();
            foreach (var (_, parameter) in lstm.named_parameters())
            {
                parameter.copy_(Numbers(parameter.numel()).sin().view(parameter.shape));
            }

            var input = Numbers(Rows * Steps * Size).cos();
            var answers = lstm.call(input.view(Rows, Steps, Size)).Item1.flatten().data<float>().ToArray();
            // MathF.Max keeps a NaN.
            return answers.Zip(LstmByHand(), (answer, expected) => MathF.Abs(answer - expected)).Aggregate(0f, MathF.Max);
        }
        finally
        {
            ModuleDisposal.Release(lstm);
        }
    }

    /// <summary>
    /// The largest difference between a small convolution in single precision, which oneDNN computes where it is switched on, and the same
    /// in double precision, which is no business of oneDNN.
    /// </summary>
    /// <remarks>
    /// In double precision as a convolution of volumes one deep: for images libtorch asks NNPACK first, which says on standard error where
    /// it does not know the processor, though no model has asked for it.
    /// </remarks>
    public static float ConvolutionError()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var image = Numbers(Images * Inputs * Height * Height).sin().view(Images, Inputs, Height, Height);
        var weight = Numbers(Outputs * Inputs * Width * Width).cos().view(Outputs, Inputs, Width, Width);
        var expected = nn.functional.conv3d(image.@double().unsqueeze(2), weight.@double().unsqueeze(2)).squeeze(2);
        var differences = (nn.functional.conv2d(image, weight).@double() - expected).abs().flatten().data<double>().ToArray();
        // MathF.Max keeps a NaN.
        return differences.Select(difference => (float)difference).Aggregate(0f, MathF.Max);
    }

    /// <summary>Whether a difference is one of rounding; NaN is none.</summary>
    public static bool IsRight(float error) => error <= Tolerance;

    private static bool Check()
    {
        if (!System.Runtime.Intrinsics.X86.X86Base.IsSupported)
        {
            return true;
        }

        var (lstm, convolution) = (LstmError(), ConvolutionError());
        if (IsRight(lstm) && IsRight(convolution))
        {
            return true;
        }

        var errors = $"an LSTM is off by {lstm:0.###}, a convolution by {convolution:0.###}";
        LibraryWarnings.Add($"oneDNN computes wrong numbers on this processor ({errors})" + (SwitchOff()
            ? ", so it is switched off; libtorch's own kernels compute instead."
            : " and could not be switched off: answers of convolutions and LSTMs cannot be trusted here."));
        return false;
    }

    // TorchSharp has no call for it. NNPACK would stand in for convolutions, and warns about each on processors that it does not know.
    private static unsafe bool SwitchOff()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libtorch_cpu.so", out var library)
            || !NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context)
            || !NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledMkldnnEb", out var enableOneDnn)
            || !NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledNNPACKEb", out var enableNnpack))
        {
            return false;
        }

        var settings = ((delegate* unmanaged[Cdecl]<nint>)context)();
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)enableOneDnn)(settings, 0);
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)enableNnpack)(settings, 0);
        return true;
    }

    private static Tensor Numbers(long count) => HeldNumber.Use(count, end => arange(end, dtype: ScalarType.Float32));

    /// <summary>
    /// The answers of <see cref="LstmError"/>'s LSTM: every weight and bias is the sine of its index, every input the cosine of its own.
    /// The gates lie in PyTorch's order: input, forget, cell, output.
    /// </summary>
    private static IEnumerable<float> LstmByHand()
    {
        for (var row = 0; row < Rows; row++)
        {
            var hidden = new double[Size];
            var cell = new double[Size];
            for (var step = 0; step < Steps; step++)
            {
                var before = hidden;
                var first = ((row * Steps) + step) * Size;
                double Gate(int gate, int unit)
                {
                    var line = (gate * Size) + unit;
                    var sum = 2 * Math.Sin(line);
                    for (var i = 0; i < Size; i++)
                    {
                        sum += Math.Sin((line * Size) + i) * (Math.Cos(first + i) + before[i]);
                    }

                    return sum;
                }

                hidden = new double[Size];
                for (var unit = 0; unit < Size; unit++)
                {
                    cell[unit] = (Sigmoid(Gate(1, unit)) * cell[unit]) + (Sigmoid(Gate(0, unit)) * Math.Tanh(Gate(2, unit)));
                    hidden[unit] = Sigmoid(Gate(3, unit)) * Math.Tanh(cell[unit]);
                    yield return (float)hidden[unit];
                }
            }
        }
    }

    private static double Sigmoid(double value) => 1 / (1 + Math.Exp(-value));
}
