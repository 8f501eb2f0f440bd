using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// Ends an owner while others use what is its own: <c>END USE[,USE...] ROUNDS</c>. The answer is one line: each use with the kinds of its
/// outcomes, such as <c>rent: ok ObjectDisposedException</c>, separated by <c>;</c>, and <c>mappings: N</c>, what is mapped when all of it
/// is over. An outcome that is neither right nor typed begins with <c>!</c>.
/// </summary>
internal sealed class EndTrials(string directory, string script) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ActorSystem _clients = ActorSystem.Create("clients", EndRound.Remoting);

    public async Task<string> RunAsync(string line)
    {
        var words = line.Split(' ');
        var outcomes = words[1].Split(',').ToDictionary(use => use, _ => new ConcurrentDictionary<string, int>());
        for (var round = 0; round < int.Parse(words[2]); round++)
        {
            await RunAsync(words[0], outcomes, round);
        }

        // What was begun may end, and let its model go, a moment after its caller has gone on.
        var since = Stopwatch.GetTimestamp();
        do
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }
        while (StoreDiagnostics.LiveMappings > 0 && Stopwatch.GetElapsedTime(since) < Patience);
        var kinds = outcomes.Select(use => $"{use.Key}: {string.Join(' ', use.Value.Keys.Order(StringComparer.Ordinal))}");
        return string.Join("; ", [.. kinds, $"mappings: {StoreDiagnostics.LiveMappings}"]);
    }

    public async ValueTask DisposeAsync() => await _clients.Terminate();

    private async Task RunAsync(string end, Dictionary<string, ConcurrentDictionary<string, int>> outcomes, int round)
    {
        // At other points of the uses in each round, in the first one before anything has been built.
        using var begun = new SemaphoreSlim(0);
        var ended = false;
        await using var subject = await EndRound.OpenAsync(directory, script, _clients);
        var running = outcomes.ToDictionary(use => use.Key, use => Task.Run(async () =>
        {
            // Once more when it is over.
            for (var last = false; !last;)
            {
                last = Volatile.Read(ref ended);
                Count(use.Value, await OutcomeAsync(subject.Use(use.Key)));
                begun.Release();
            }
        }));
        for (var uses = round * round % 23; uses > 0; uses--)
        {
            await begun.WaitAsync(Patience);
        }

        Count(outcomes.First().Value, await OutcomeAsync(subject.End(end)));
        Volatile.Write(ref ended, true);
        try
        {
            await Task.WhenAll(running.Values).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            foreach (var use in running.Where(use => !use.Value.IsCompleted))
            {
                Count(outcomes[use.Key], "!hangs");
            }
        }
    }

    private static void Count(ConcurrentDictionary<string, int> outcomes, string outcome) =>
        outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);

    private static async Task<string> OutcomeAsync(Func<Task> use)
    {
        try
        {
            await use();
            return "ok";
        }
        catch (Exception e) when (e is ZeroCopyException or OperationCanceledException or ObjectDisposedException)
        {
            return e.GetType().Name;
        }
        catch (Exception e)
        {
            return $"!{e.ToString().ReplaceLineEndings("").Replace(' ', '_').Replace(';', ',')}";
        }
    }
}
