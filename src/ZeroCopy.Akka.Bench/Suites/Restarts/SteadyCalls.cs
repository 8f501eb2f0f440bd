using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>Calls of a model at a steady rate while something happens.</summary>
/// <param name="model">The model.</param>
/// <param name="input">What it is called with.</param>
/// <param name="rate">Calls a second.</param>
internal sealed class SteadyCalls(IModelEndpoint model, NamedTensor[] input, int rate)
{
    private static readonly CallOptions Options = new() { Deadline = TimeSpan.FromSeconds(10) };

    /// <summary>A call that has not ended by then is lost: nobody will ever hear of it.</summary>
    private static readonly TimeSpan Lost = 3 * Options.Deadline!.Value;

    /// <summary>Calls until <paramref name="whatHappens"/> has ended, and waits for the answers.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<CallTally> DuringAsync(Func<Task> whatHappens, CancellationToken cancellationToken)
    {
        var isOver = 0;
        var start = Stopwatch.GetTimestamp();
        var calls = OpenLoop.SendAsync(Times(), (_, _) => CallAsync(cancellationToken), cancellationToken);
        try
        {
            await whatHappens().ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref isOver, 1);
        }

        return new CallTally(start, await calls.ConfigureAwait(false));

        IEnumerable<double> Times()
        {
            for (var call = 0L; Volatile.Read(ref isOver) == 0; call++)
            {
                yield return (double)call / rate;
            }
        }
    }

    private async Task<EndedCall> CallAsync(CancellationToken cancellationToken)
    {
        var failure = default(string);
        try
        {
            using (await model.CallAsync("", input, Options, cancellationToken).WaitAsync(Lost, cancellationToken)
                .ConfigureAwait(false))
            {
            }
        }
        catch (InferenceException e)
        {
            failure = $"{e.Failure}";
        }
        catch (TimeoutException)
        {
            failure = EndedCall.Lost;
        }

        return new EndedCall(Stopwatch.GetTimestamp(), failure);
    }
}
