using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>Runs calls and joined calls on an instance. Whatever the model throws ends in the calls.</summary>
internal sealed class BatchRunner(PoolContext pool)
{
    private readonly int _threads = pool.Settings.Threads;

    public void Run(IModelInstance instance, InferenceCall call)
    {
        if (call.TryRun())
        {
            Compute(instance, call);
        }

        call.Retire();
    }

    /// <summary>
    /// Joins the calls that still wait. A joined call that fails says nothing about which request was bad: the parts are run one by one then.
    /// </summary>
    public void Run(IModelInstance instance, CallBatch batch)
    {
        var codec = pool.Codec ?? throw new InvalidOperationException("A batch needs a codec.");
        var calls = new List<InferenceCall>(batch.Calls.Count);
        var rows = new List<int>(batch.Calls.Count);
        for (var i = 0; i < batch.Calls.Count; i++)
        {
            if (batch.Calls[i].TryRun())
            {
                calls.Add(batch.Calls[i]);
                rows.Add(batch.Rows[i]);
            }
            else
            {
                batch.Calls[i].Retire();
            }
        }

        if (calls.Count == 1)
        {
            Compute(instance, calls[0]);
            calls[0].Retire();
        }
        else if (calls.Count > 1 && !TryRunJoined(codec, instance, calls, rows))
        {
            calls.ForEach(call => Run(instance, call));
        }
    }

    private void Compute(IModelInstance instance, InferenceCall call)
    {
        try
        {
            call.Complete(Evaluate(instance, call.Argument));
        }
        catch (Exception e)
        {
            call.Fail(ModelFailure.Of(e, pool.Ledger.Owner));
        }
    }

    private object? Evaluate(IModelInstance instance, object? argument)
    {
        // For each call: the dispatcher may bring each on another thread.
        pool.Source.BoundThreads(_threads);
        try
        {
            return instance.Run(pool.Function, argument);
        }
        finally
        {
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                // One that stands in for a thread of the dispatcher: it has other work too.
                pool.Source.BoundThreads(null);
            }
        }
    }

    private bool TryRunJoined(IBatchCodec codec, IModelInstance instance, List<InferenceCall> calls, List<int> rows)
    {
        IReadOnlyList<object> answers;
        object? joined = null;
        try
        {
            joined = Join(codec, calls);
            var answer = Evaluate(instance, joined)
                ?? throw new InferenceException(InferenceFailure.ModelError, "The model answered a joined call with nothing.");
            answers = codec.Split(answer, rows);
            if (answers.Count != calls.Count)
            {
                throw new InvalidOperationException($"The codec split the answer to {calls.Count} requests into {answers.Count}.");
            }
        }
        catch (Exception)
        {
            // Not lost: each part is run again alone and fails with its own error.
            return false;
        }
        finally
        {
            codec.Release(joined);
        }

        Instruments.Joined(pool.Ledger.Owner, rows.Sum());
        for (var i = 0; i < calls.Count; i++)
        {
            calls[i].Complete(answers[i]);
            calls[i].Retire();
        }

        return true;
    }

    private static object Join(IBatchCodec codec, List<InferenceCall> calls)
    {
        try
        {
            return codec.Join(calls.ConvertAll(call => call.Argument!));
        }
        finally
        {
            calls.ForEach(call => call.MarkJoined());
        }
    }
}
