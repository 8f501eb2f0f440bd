using TorchSharp;

namespace ZeroCopy.Torch;

/// <summary>How many threads libtorch uses inside one operation.</summary>
public static class TorchThreads
{
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
        torch.set_num_threads(threads);
    }
}
