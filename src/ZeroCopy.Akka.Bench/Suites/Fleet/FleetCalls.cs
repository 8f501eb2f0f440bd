using System.Collections.Concurrent;
using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Bench.Suites.Fleet;

/// <summary>Calls that are sent when their time has come, whether or not those before were answered.</summary>
/// <param name="models">Endpoints of the models.</param>
/// <param name="input">What each is called with.</param>
internal sealed class FleetCalls(IReadOnlyList<IModelEndpoint> models, NamedTensor[] input)
{
    private readonly ConcurrentDictionary<InferenceFailure, int> _lost = [];
    private readonly bool[] _isWarm = new bool[models.Count];

    /// <summary>Calls that were not answered, by what they failed with.</summary>
    public IReadOnlyDictionary<InferenceFailure, int> Lost => _lost;

    /// <summary>Takes a model for one that has answered before.</summary>
    public void Know(int model) => _isWarm[model] = true;

    /// <summary>
    /// Milliseconds of the calls, from when each was to be sent to its answer: of those whose model had answered before, and of the others.
    /// </summary>
    /// <param name="trace">The model of each call.</param>
    /// <param name="rate">Calls a second.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(double[] Warm, double[] First)> PlayAsync(int[] trace, int rate, CancellationToken cancellationToken)
    {
        var ended = await OpenLoop.SendAsync(
            Enumerable.Range(0, trace.Length).Select(call => (double)call / rate),
            (call, planned) => CallAsync(trace[call], planned, cancellationToken), cancellationToken).ConfigureAwait(false);
        return (Of(true), Of(false));

        double[] Of(bool isWarm) => [.. from call in ended where call.IsWarm == isWarm select call.Time];
    }

    private async Task<(bool IsWarm, double Time)> CallAsync(int model, long planned, CancellationToken cancellationToken)
    {
        var isWarm = _isWarm[model];
        try
        {
            using (await models[model].CallAsync("", input, null, cancellationToken).ConfigureAwait(false))
            {
                _isWarm[model] = true;
            }
        }
        catch (InferenceException e)
        {
            _lost.AddOrUpdate(e.Failure, 1, (_, count) => count + 1);
        }

        return (isWarm, Stopwatch.GetElapsedTime(planned).TotalMilliseconds);
    }
}
