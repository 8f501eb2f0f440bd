using TorchSharp;

namespace ZeroCopy.Torch;

/// <summary>How many threads libtorch uses inside one operation.</summary>
public static class TorchThreads
{
    private static readonly int Default = ReadDefault();

    /// <summary>Bounds the operations that the calling thread runs from now on.</summary>
    /// <remarks>
    /// The bound is the calling thread's own: another thread that has a bound keeps it. So a thread that serves a model sets its bound itself,
    /// before the first operation. The last bound set anywhere is also what a thread starts with that never set one.
    /// </remarks>
    /// <param name="threads">At least 1, the calling thread included.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1.</exception>
    public static void Bound(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (torch.get_num_threads() != threads)
        {
            torch.set_num_threads(threads);
        }
    }

    /// <summary>Bounds the calling thread, or gives it libtorch's own number of threads back, as it was before anything was bounded here.</summary>
    internal static void BoundOrDefault(int? threads) => Bound(threads ?? Default);

    private static int ReadDefault()
    {
        TorchLibrary.Load();
        return torch.get_num_threads();
    }
}
