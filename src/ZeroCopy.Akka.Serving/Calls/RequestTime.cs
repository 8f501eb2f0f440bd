using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Serving.Calls;

/// <summary>A request's time, which runs since it arrived: its caller waits while its body is read, too.</summary>
internal sealed class RequestTime(TimeProvider clock)
{
    private readonly long _arrived = clock.GetTimestamp();

    /// <summary>Time since it arrived.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_arrived);

    /// <summary>What is left of its time; null where it has all.</summary>
    /// <exception cref="InferenceException">Nothing is: <see cref="InferenceFailure.DeadlineExceeded"/>.</exception>
    public TimeSpan? Left(TimeSpan? limit)
    {
        var left = limit - Elapsed;
        return left <= TimeSpan.Zero ? throw Passed(limit!.Value) : left;
    }

    /// <summary>Reads what is still to come of it, within its time.</summary>
    /// <exception cref="InferenceException">It did not come: <see cref="InferenceFailure.DeadlineExceeded"/>.</exception>
    public async ValueTask<T> WithinAsync<T>(
        TimeSpan? limit, Func<CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        if (Left(limit) is not { } left)
        {
            return await read(cancellationToken).ConfigureAwait(false);
        }

        using var late = new LimitSource(left, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await read(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (late.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Passed(limit!.Value, e);
        }
    }

    private static InferenceException Passed(TimeSpan limit, Exception? cause = null) => new(
        InferenceFailure.DeadlineExceeded,
        $"The request had {Durations.Text(limit)} to its answer, which had passed before it was read.",
        cause);
}
