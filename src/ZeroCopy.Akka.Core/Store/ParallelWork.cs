using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ZeroCopy.Store;

/// <summary>Parallel loops that take items in their order and throw the first error itself, not a collection of errors.</summary>
internal static class ParallelWork
{
    public static void ForEach<T>(IList<T> items, Action<T> work, CancellationToken cancellationToken)
    {
        try
        {
            Parallel.ForEach(
                Partitioner.Create(items, loadBalance: true),
                new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
                work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }
}
