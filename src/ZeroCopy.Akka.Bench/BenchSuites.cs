using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Suites;
using ZeroCopy.Bench.Suites.Files;
using ZeroCopy.Bench.Suites.Fleet;
using ZeroCopy.Bench.Suites.Http;
using ZeroCopy.Bench.Suites.Leaks;
using ZeroCopy.Bench.Suites.Memory;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Suites.Restarts;
using ZeroCopy.Bench.Suites.Scale;
using ZeroCopy.Bench.Suites.Serve;
using ZeroCopy.Bench.Suites.Transfer;
using ZeroCopy.Bench.Suites.Wake;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench;

/// <summary>The suites of <c>zerocopy bench</c>: the one place where a suite is named.</summary>
internal static class BenchSuites
{
    public static IReadOnlyList<IBenchSuite> All { get; } =
    [
        new BatchSuite(),
        new ClusterSuite(),
        new FilesSuite(),
        new FleetSuite(new FleetSizes()),
        new HttpSuite(),
        new LatencySuite(),
        new LeaksSuite(),
        new LoadSuite(),
        new MemorySuite(),
        new PoolSuite(),
        new PutSuite(),
        new RestartSuite(new RestartSizes()),
        new ScaleSuite(new ScaleSizes()),
        new ServeSuite(new ServeSizes()),
        new TasksSuite(),
        new TransferSuite(),
        new WakeSuite(),
    ];

    /// <summary>What a worker process of any suite can be told to do.</summary>
    public static IEnumerable<WorkerVerb> Verbs => [.. WorkerVerbs.All, .. WorkerNode.Verbs, .. All.SelectMany(suite => suite.Verbs)];
}
