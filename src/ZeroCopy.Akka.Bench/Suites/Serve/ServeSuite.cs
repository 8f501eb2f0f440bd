using System.Diagnostics;
using System.Text.Json;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>
/// Users that chat with twelve models, most of them with one: how many are served in time by a node that shares models and joins requests,
/// against a private replica of each model, which answers one message after the other. The client is on the same processors.
/// </summary>
internal sealed class ServeSuite(ServeSizes sizes) : IBenchSuite
{
    private const int ClosedLoop = 32;

    public string Name => "serve";

    public string Description => "users of twelve models served in time, against a private replica of each model";

    public IReadOnlyList<WorkerVerb> Verbs => ServeVerbs.All;

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var configuration = JsonSerializer.Serialize(sizes.Model);
        progress.Report("serve: twelve models into the store of a node");
        var node = await SharedNode.StartAsync(directory.Root, sizes, cancellationToken).ConfigureAwait(false);
        double shared;
        await using (node.ConfigureAwait(false))
        {
            shared = await UsersAsync(node, "shared models", progress, cancellationToken).ConfigureAwait(false);
        }

        progress.Report("serve: a process with a copy of its own for each model");
        var files = Enumerable.Range(0, sizes.Models).Select(model => SharedNode.File(directory.Root, TwelveModels.CheckpointOf(model)));
        var replicas = await PrivateReplicas.StartAsync(files, configuration, sizes.Tokens, cancellationToken).ConfigureAwait(false);
        await using (replicas.ConfigureAwait(false))
        {
            var results = new List<BenchResult>();
            foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
            {
                await replicas.UseThreadsAsync(threads, cancellationToken).ConfigureAwait(false);
                var title = $"a private replica each, {threads} {(threads == 1 ? "thread" : "threads")}";
                var alone = await UsersAsync(replicas, title, progress, cancellationToken).ConfigureAwait(false);
                results.Add(BenchResult.OfRate(
                    "users", $"{sizes.Models} models", "users", new Samples([shared]), title, new Samples([alone])));
            }

            return results;
        }
    }

    private async Task<double> UsersAsync(
        IMessageService service, string title, IProgress<string> progress, CancellationToken cancellationToken)
    {
        for (var model = 0; model < sizes.Models; model++)
        {
            await service.AnswerAsync(model, cancellationToken).ConfigureAwait(false);
        }

        var rate = await RateAsync(service, cancellationToken).ConfigureAwait(false);
        var guess = Math.Clamp((int)(rate * sizes.ThinkSeconds * sizes.Second.TotalSeconds), 1, sizes.MaxUsers);
        progress.Report($"serve: {title}: {rate:N1} answers/s without a pause, so about {guess} users");
        var player = new TracePlayer(service, sizes);
        return await UserSearch.FindAsync(guess, sizes.Resolution, sizes.MaxUsers, async users =>
        {
            var trace = UserTrace.Of(users, sizes.TraceSeconds, sizes.ThinkSeconds, sizes.Models);
            var served = await player.PlayAsync(trace, cancellationToken).ConfigureAwait(false);
            progress.Report($"serve: {title}: {users} users with {trace.Count} messages are {(served ? "served" : "too many")}");
            return served;
        }).ConfigureAwait(false);
    }

    /// <summary>Answers a second while as many wait at any time as there may be.</summary>
    private async Task<double> RateAsync(IMessageService service, CancellationToken cancellationToken)
    {
        var answers = 0;
        var start = Stopwatch.GetTimestamp();
        var limit = sizes.GuessSeconds * sizes.Second;
        await Task.WhenAll(Enumerable.Range(0, ClosedLoop).Select(async user =>
        {
            var random = new Random(user);
            while (Stopwatch.GetElapsedTime(start) < limit)
            {
                await service.AnswerAsync(UserTrace.Model(random, sizes.Models), cancellationToken).ConfigureAwait(false);
                Interlocked.Increment(ref answers);
            }
        })).ConfigureAwait(false);
        return answers / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
