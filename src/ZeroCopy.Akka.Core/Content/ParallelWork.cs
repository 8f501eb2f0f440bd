using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ZeroCopy.Content;

/// <summary>Parallel loops that take items in their order and throw the first error itself, not a collection of errors.</summary>
internal static class ParallelWork
{
    public static void ForEach<T>(IEnumerable<T> items, Action<T, ParallelLoopState> work, CancellationToken cancellationToken)
    {
        try
        {
            // One at a time: a thread that takes several large items has the last of them left when the others are done.
            Parallel.ForEach(
                Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
                work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }
}
