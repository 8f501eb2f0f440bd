namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// Room on the .NET thread pool for work that keeps its threads for long, so that it takes none from others. Thread-safe.
/// </summary>
/// <remarks>
/// The pool starts threads at once up to its minimum, by default as many as processors, and beyond that one in half a second. Tasks that
/// compute would have them all, and whatever is awaited in the process would wait for a model. So the minimum is raised by the tasks that
/// may run. It starts no thread that nobody needs.
/// </remarks>
internal static class ThreadPoolRoom
{
    private static readonly Lock Gate = new();
    private static int _reserved;

    /// <summary>Has room for so many threads beside the others', whoever else reserves: the most that anybody asked for counts.</summary>
    public static void Reserve(int threads)
    {
        if (threads <= Volatile.Read(ref _reserved))
        {
            return;
        }

        lock (Gate)
        {
            if (threads > _reserved)
            {
                ThreadPool.GetMinThreads(out var workers, out var completions);
                ThreadPool.GetMaxThreads(out var most, out _);
                ThreadPool.SetMinThreads(Math.Min(workers + threads - _reserved, most), completions);
                _reserved = threads;
            }
        }
    }
}
