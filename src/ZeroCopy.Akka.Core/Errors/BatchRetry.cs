using ZeroCopy.Clocks;

namespace ZeroCopy.Errors;

/// <summary>
/// What becomes of a batch of rows whose call fails, in jobs over files and in maps alike: it is called again, or one of its rows may be to
/// blame, or the failure is no row's and ends the whole. Thread-safe.
/// </summary>
/// <param name="model">What messages call the model.</param>
/// <param name="attempts">How often a batch is called that another actor or node may answer, at least 1.</param>
/// <param name="limit">Time of a call; null or infinite for no limit.</param>
/// <param name="limitName">What messages call that time.</param>
internal sealed class BatchRetry(string model, int attempts, TimeSpan? limit, string limitName)
{
    private const int MostTurns = 30;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private readonly TimeSpan? _limit = limit > TimeSpan.Zero ? limit : null;

    /// <summary>Whether a batch may be called more than once.</summary>
    public bool MayCallAgain => attempts > 1 || _limit is not null;

    /// <summary>Whether a row may be to blame, so that the others get their answers without it.</summary>
    public static bool MayBeOneRow(InferenceException failure) => failure.Failure is InferenceFailure.ModelError
        or InferenceFailure.InvalidInput or InferenceFailure.DeadlineExceeded or InferenceFailure.ActorCrashed
        or InferenceFailure.MessageTooLarge;

    /// <summary>The answer to a batch.</summary>
    /// <param name="call">Calls with the batch.</param>
    /// <param name="cancellationToken">Ends the pauses between the calls.</param>
    /// <exception cref="InferenceException">The last call's, or <see cref="InferenceFailure.Overloaded"/> where none had its
    /// turn.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var (attempt, turns) = (0, 0);
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (InferenceException failure) when (HasWaited(failure))
            {
                if (++turns == MostTurns)
                {
                    // For none of its rows: it has not been their turn.
                    throw new InferenceException(
                        InferenceFailure.Overloaded,
                        $"'{model}' had no turn for a call in {MostTurns} times the {limitName} of {Durations.Text(_limit)}: it "
                        + "loads its model, or computes for a row that takes far longer. Give more time, or have more actors.",
                        failure);
                }
            }
            catch (InferenceException failure) when (++attempt < attempts && MayPass(failure.Failure))
            {
                // Another actor or node may have it.
                await Task.Delay(FirstPause * attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool MayPass(InferenceFailure failure) =>
        failure is InferenceFailure.Overloaded or InferenceFailure.Unreachable or InferenceFailure.ActorCrashed;

    // The model may compute on for a row that was given up, and what is behind it has its time used up by that. A row is blamed for nine
    // tenths of the time at least.
    private bool HasWaited(InferenceException failure) =>
        failure.Failure == InferenceFailure.DeadlineExceeded && failure.Waited > _limit / 10;
}
