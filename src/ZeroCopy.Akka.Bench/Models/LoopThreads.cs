using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Bench.Models;

/// <summary>The threads of a loop that a user would write by hand.</summary>
internal static class LoopThreads
{
    /// <summary>
    /// Runs the same on so many threads. The processors are divided among them, as libtorch's guide for inference on CPUs advises. Each
    /// thread says so itself: one that never did runs its products of matrices on all of them, which costs the loop half of its rows.
    /// </summary>
    public static void Run(int threads, Action work)
    {
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            TorchThreads.Bound(Math.Max(1, Environment.ProcessorCount / threads));
            work();
        })).ToArray();
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
    }
}
