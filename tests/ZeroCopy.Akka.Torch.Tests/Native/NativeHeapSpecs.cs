using System.Globalization;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class NativeHeapSpecs
{
    private const int Tensors = 40_000;
    private const int Floats = 1024;

    [SkippableFact]
    public void Trim_should_give_back_what_freed_tensors_took_that_something_lies_behind()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Other C libraries keep what is freed as they see fit.");
        var tensors = Enumerable.Range(0, Tensors).Select(_ => ones(Floats)).ToList();
        using var behind = ones(Floats);
        tensors.ForEach(tensor => tensor.Dispose());
        var before = Anonymous();

        NativeHeap.Trim();

        // Half of it: specs beside this one allocate too.
        Assert.InRange(before - Anonymous(), Tensors * Floats * sizeof(float) / 2, long.MaxValue);
    }

    // Kibibytes in the file. Source: proc(5), smaps_rollup.
    private static long Anonymous() => 1024 * long.Parse(
        File.ReadLines("/proc/self/smaps_rollup").Single(line => line.StartsWith("Anonymous:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
