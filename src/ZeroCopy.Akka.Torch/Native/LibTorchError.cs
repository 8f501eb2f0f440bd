using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// What libtorch's errors say. TorchSharp makes an <see cref="ExternalException"/> of each of them, so their classes are lost and their
/// texts are what is left; this is the one place that reads them.
/// </summary>
internal static class LibTorchError
{
    // Libtorch brings these as it brings what an operator refuses.
    private static readonly string[] NotOfInput =
    [
        "out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "INTERNAL ASSERT FAILED",
        "CUDA error", "CUDA driver error", "CUBLAS_STATUS_", "CUDNN_STATUS_", "cuDNN error", "CUSOLVER_STATUS_", "CUSPARSE_STATUS_",
        "CUFFT_",
    ];

    // The interpreter of scripts ends its text with the class of what was raised, one of Python's or of the script's for what the script
    // raised itself. Scripts of older versions of PyTorch say no class: then the statement tells, to which the text points.
    private static readonly string[] RaisedClasses = ["builtins.", "__torch__."];
    private static readonly string[] RaisingStatements = ["raise ", "assert ", "ops.prim.RaiseException("];
    private const string Pointer = "<--- HERE";

    /// <summary>The first line of a libtorch error that says something; the rest is a native stack.</summary>
    public static string FirstLine(Exception exception) =>
        exception.Message.Split('\n').Select(line => line.Trim())
            .LastOrDefault(line => line.StartsWith("builtins.", StringComparison.Ordinal)
            || line.Contains("Error: ", StringComparison.Ordinal)) ?? exception.Message.Trim().Split('\n')[0].Trim();

    /// <summary>
    /// Whether an operator refused what came to it: sizes that do not fit each other, indices out of range, types. The model's weights and
    /// code stay the same, so what changed is the input. Not what a script or a module raises itself, nor a want of memory or a
    /// failure of the device.
    /// </summary>
    public static bool IsRefusal(Exception thrown) =>
        thrown is ExternalException
        && !NotOfInput.Any(words => thrown.Message.Contains(words, StringComparison.Ordinal))
        && !IsRaisedByScript(thrown.Message.Split('\n'));

    private static bool IsRaisedByScript(string[] lines)
    {
        var pointer = Array.FindLastIndex(lines, line => line.EndsWith(Pointer, StringComparison.Ordinal));
        var statement = pointer > 0 ? lines[pointer - 1].TrimStart() : "";
        return RaisingStatements.Any(word => statement.StartsWith(word, StringComparison.Ordinal))
            || lines.Any(line => RaisedClasses.Any(name => line.StartsWith(name, StringComparison.Ordinal)));
    }
}
