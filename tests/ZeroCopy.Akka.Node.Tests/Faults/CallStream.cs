using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>
/// Numbered calls of a model that adds, which go on while something happens, each with a deadline; at the end every one is accounted for.
/// </summary>
internal sealed class CallStream
{
    /// <summary>What each call has until its answer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>By how much a client lets its deadline pass.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromSeconds(Soak.IsOn ? 5 : 20);

    /// <summary>When a client gives a call up that should have been answered before.</summary>
    public static readonly TimeSpan Hang = Deadline + Late;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentQueue<Call> _calls = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private readonly string _model;
    private readonly Func<long, bool> _isStep;
    private readonly Task[] _work;
    private long _begun;

    private CallStream(string model, Func<long, bool> isStep, IEnumerable<Func<HostNode?>> callers, Func<Task>? beside)
    {
        (_model, _isStep) = (model, isStep);
        _work = [.. callers.Select(CallAsync), .. beside is null ? Array.Empty<Task>() : [beside()]];
    }

    /// <summary>Two callers at each node.</summary>
    /// <param name="model">The model, which adds one of <paramref name="steps"/> as often as a call says.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="steps">What it may add; null for one alone.</param>
    public static CallStream At(string model, IEnumerable<HostNode> nodes, params long[] steps) => new(
        model, IsStep(steps), nodes.SelectMany(node => Enumerable.Repeat(Only(node), 2)), null);

    /// <summary>Four callers behind a balancer, which sends each call to one of the nodes that say that they are ready.</summary>
    public static CallStream Balanced(string model, IReadOnlyList<HostNode> nodes)
    {
        var balancer = new Balancer(nodes);
        CallStream? stream = null;
        stream = new CallStream(
            model, IsStep([]), Enumerable.Repeat(balancer.Next, 4),
            () => balancer.LookAsync(() => stream is { _over.IsCancellationRequested: true }));
        return stream;
    }

    /// <summary>Waits until as many further calls have been answered as are named.</summary>
    public async Task GoOnAsync(int calls = 50)
    {
        var until = Answered + calls;
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(Pace);
        while (Answered < until)
        {
            await timer.WaitForNextTickAsync(late.Token);
        }
    }

    /// <summary>Time since the start.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_start);

    /// <summary>
    /// Ends the stream. Every call was answered with the right numbers, or ended with a failure that says why, within its deadline.
    /// </summary>
    /// <param name="lost">Nodes that a client may lose: those that were killed, stopped or cut off.</param>
    public async Task<CallTally> EndAsync(params HostNode[] lost)
    {
        await _over.CancelAsync();
        await Task.WhenAll(_work).WaitAsync(Patience);
        _over.Dispose();
        var tally = new CallTally([.. _calls], Interlocked.Read(ref _begun));
        tally.AssertSound(lost);
        return tally;
    }

    private int Answered => _calls.Count(call => call.How == CallEnd.Answered);

    private static Func<HostNode?> Only(HostNode node) => () => node;

    private static Func<long, bool> IsStep(long[] steps) => step => steps.Length == 0 ? step == 1 : steps.Contains(step);

    private async Task CallAsync(Func<HostNode?> entry)
    {
        using var timer = new PeriodicTimer(Pace);
        while (!_over.IsCancellationRequested)
        {
            if (entry() is { } node)
            {
                var begin = Now;
                var number = Interlocked.Increment(ref _begun);
                var (how, words) = await CallAsync(node.Client, number);
                _calls.Enqueue(new Call(number, node, begin, Now, how, words));
            }

            await timer.WaitForNextTickAsync();
        }
    }

    private async Task<(CallEnd How, string Words)> CallAsync(HttpClient client, long number)
    {
        // Ten times, so that the sum says which step was taken.
        using var content = new StringContent($$"""
            {"parameters":{"timeout":{{(long)Deadline.TotalMicroseconds}}},
             "inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[{{number}}]},
                       {"name":"times","shape":[1],"datatype":"INT64","data":[10]}]}
            """);
        try
        {
            using var answer = await client.PostAsync($"/v2/models/{_model}/infer", content);
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
            if (!answer.IsSuccessStatusCode)
            {
                return json.TryGetProperty("error", out var error)
                    ? (CallEnd.Refused, $"{(int)answer.StatusCode} {error}") : (CallEnd.Wrong, $"{(int)answer.StatusCode} {json}");
            }

            var sum = json.GetProperty("outputs")[0].GetProperty("data")[0].GetDouble() - number;
            return sum % 10 == 0 && _isStep((long)sum / 10) ? (CallEnd.Answered, "") : (CallEnd.Wrong, $"{json}");
        }
        catch (HttpRequestException e)
        {
            return (CallEnd.Unconnected, e.Message);
        }
        catch (TaskCanceledException e)
        {
            return (CallEnd.Silent, e.Message);
        }
        catch (JsonException e)
        {
            return (CallEnd.Wrong, e.Message);
        }
    }

    /// <summary>Knows which nodes say that they are ready.</summary>
    private sealed class Balancer(IReadOnlyList<HostNode> nodes)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

        private volatile HostNode[] _ready = [];
        private int _next;

        public HostNode? Next() =>
            _ready is { Length: > 0 } ready ? ready[(int)((uint)Interlocked.Increment(ref _next) % (uint)ready.Length)] : null;

        public async Task LookAsync(Func<bool> isOver)
        {
            using var timer = new PeriodicTimer(Pause);
            while (!isOver())
            {
                var ready = await Task.WhenAll(nodes.Select(IsReadyAsync));
                _ready = [.. nodes.Where((_, i) => ready[i])];
                await timer.WaitForNextTickAsync();
            }
        }

        private static async Task<bool> IsReadyAsync(HostNode node)
        {
            try
            {
                using var answer = await node.Client.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }
    }
}
