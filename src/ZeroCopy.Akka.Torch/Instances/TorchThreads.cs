using TorchSharp;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Torch.Instances;

/// <summary>How many threads libtorch uses inside one operation.</summary>
public static class TorchThreads
{
    // For libraries without a setter for one thread: what was there before anything was bound.
    private static readonly Lazy<int> Default = new(torch.get_num_threads);

    /// <summary>Bounds the operations that the calling thread runs from now on.</summary>
    /// <remarks>
    /// The bound is the calling thread's own: it reaches no other thread, one that starts later included, and holds until
    /// <see cref="Reset"/>. So a thread that serves a model sets its bound itself; on one of the .NET thread pool, which others use too, it
    /// is reset before the thread is given back and before an <c>await</c>. Where the libraries cannot do that,
    /// <see cref="TorchLibrary.Remark"/> says so, and a thread that has no bound of its own starts with the last one set anywhere.
    /// </remarks>
    /// <param name="threads">At least 1, the calling thread included.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1.</exception>
    public static void Bound(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (ThreadNumber.Own is { } own)
        {
            own.Set(threads);
        }
        else
        {
            _ = Default.Value;
            torch.set_num_threads(threads);
        }
    }

    /// <summary>Gives the calling thread back the number that it had before it was bound; nothing where it was not.</summary>
    public static void Reset()
    {
        if (ThreadNumber.Own is { } own)
        {
            own.Restore();
        }
        else
        {
            Bound(Default.Value);
        }
    }

    /// <summary>
    /// Bounds the calling thread; null: to the number that libtorch gives to a new thread, which is what the program has set last by
    /// <c>torch.set_num_threads</c>, else libtorch's own.
    /// </summary>
    internal static void BoundOrDefault(int? threads)
    {
        if (threads is { } bound)
        {
            Bound(bound);
        }
        else if (ThreadNumber.Own is { } own)
        {
            own.SetToProcess();
        }
        else
        {
            Bound(Default.Value);
        }
    }
}
