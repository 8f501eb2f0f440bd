using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>Calls by named tensors of what takes and returns a tensor library's own.</summary>
internal static class BoundCalls
{
    /// <summary>
    /// Binds the inputs, which are copied and the caller's again at once, has the call run, and names what comes of it. One that was given
    /// up, or whose deadline has passed, is not even bound.
    /// </summary>
    /// <param name="owner">Who is called, for messages.</param>
    /// <param name="telemetry">What is measured of its calls.</param>
    /// <param name="binder">The model's.</param>
    /// <param name="method">The method; empty for the default one.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="run">Runs the bound call, which it owns from the beginning.</param>
    /// <param name="deadline">Time from call to answer; null where the call gives none.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    public static async Task<ModelAnswer> AnswerAsync(
        string owner, ModelTelemetry telemetry, ICallBinder binder, string method, IReadOnlyList<NamedTensor> inputs,
        Func<object, InferenceCall> run, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var call = run(Bind(owner, telemetry, binder, method, inputs, deadline, cancellationToken));
        var result = await call.Task.ConfigureAwait(false);
        if (ComputeThread.Current is not null)
        {
            // Off the thread that computes: an answer may be copied.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        var answer = binder.ToAnswer(result);
        answer.Times = call.Times;
        telemetry.Answered(inputs, answer.Outputs);
        return answer;
    }

    private static object Bind(
        string owner, ModelTelemetry telemetry, ICallBinder binder, string method, IReadOnlyList<NamedTensor> inputs, TimeSpan? deadline,
        CancellationToken cancellationToken)
    {
        try
        {
            RequireTime(owner, deadline, cancellationToken);
            var bound = binder.Bind(method, inputs);
            return (bound as IBoundArgument)?.Value ?? bound;
        }
        catch (Exception e)
        {
            // Nobody else counts what is no call yet.
            telemetry.Failed(e, null);
            throw;
        }
    }

    private static void RequireTime(string owner, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Durations.OrNone(deadline) <= TimeSpan.Zero)
        {
            throw new InferenceException(
                InferenceFailure.DeadlineExceeded,
                $"A call to {owner} had a deadline of {Durations.Text(deadline)}, which had passed already.");
        }
    }
}
