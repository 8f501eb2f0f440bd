using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>
/// A model to several nodes at once, against to one after another from the one that has it: as fast as the processors go, where all nodes
/// are on this machine, and with the links that several machines have.
/// </summary>
internal sealed class SpreadTransfer(ScratchDirectory directory, ObjectStore store, ModelHandle model)
{
    private const int Nodes = 5;
    private const int Rounds = 2;
    private const long Gigabit = 125_000_000;
    private const double MiB = 1 << 20;

    private readonly string _subject = $"{model.Bytes / MiB:N0} MiB to {Nodes}";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        progress.Report($"transfer: {Rounds} rounds of {_subject} nodes");
        var (time, one, sent) = await SampleAsync(0, Rounds, cancellationToken).ConfigureAwait(false);
        progress.Report($"transfer: {_subject} nodes over links of 1 Gbit/s");
        var (linked, oneLinked, sentLinked) = await SampleAsync(Gigabit, 1, cancellationToken).ConfigureAwait(false);
        var all = new Samples([Nodes * model.Bytes / MiB]);
        const string Baseline = "one after another";
        return
        [
            BenchResult.OfCost("spread", _subject, "ms", time, Baseline, one),
            BenchResult.OfCost("spread-sent-by-source", _subject, "MiB", sent, Baseline, all),
            BenchResult.OfCost("spread-1-gbit", _subject, "ms", linked, Baseline, oneLinked),
            BenchResult.OfCost("spread-1-gbit-sent-by-source", _subject, "MiB", sentLinked, Baseline, all),
        ];
    }

    private async Task<(Samples AtOnce, Samples OneByOne, Samples Sent)> SampleAsync(
        long rate, int rounds, CancellationToken cancellationToken)
    {
        List<double> atOnce = [], oneByOne = [], sent = [];
        for (var round = 0; round < rounds; round++)
        {
            oneByOne.Add((await RunAsync(rate, isAtOnce: false, cancellationToken).ConfigureAwait(false)).Milliseconds);
            var (milliseconds, mebibytes) = await RunAsync(rate, isAtOnce: true, cancellationToken).ConfigureAwait(false);
            atOnce.Add(milliseconds);
            sent.Add(mebibytes);
        }

        return (new Samples(atOnce), new Samples(oneByOne), new Samples(sent));
    }

    private async Task<(double Milliseconds, double Sent)> RunAsync(long rate, bool isAtOnce, CancellationToken cancellationToken)
    {
        var nodes = new List<TransferNode>();
        var source = await TransferNode.StartAsync(store, rate, cancellationToken).ConfigureAwait(false);
        try
        {
            for (var node = 0; node < Nodes; node++)
            {
                nodes.Add(await TransferNode.StartAsync(directory, $"node{node}", rate, cancellationToken).ConfigureAwait(false));
            }

            var start = Stopwatch.GetTimestamp();
            if (isAtOnce)
            {
                await Task.WhenAll(nodes.Select(node => node.ReceiveAsync(model.Id, source, isPeer: true, cancellationToken)))
                    .ConfigureAwait(false);
            }
            else
            {
                foreach (var node in nodes)
                {
                    await node.ReceiveAsync(model.Id, source, isPeer: false, cancellationToken).ConfigureAwait(false);
                }
            }

            return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, nodes.Sum(node => node.BytesFrom(source)) / MiB);
        }
        finally
        {
            foreach (var node in nodes.Append(source))
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
