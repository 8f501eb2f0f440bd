using System.Diagnostics;
using Akka.Event;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>Runs calls and joined calls on an instance. Whatever the model throws ends in the calls.</summary>
internal sealed class BatchRunner(PoolContext pool, PoolFailures.OfActor failures, ILoggingAdapter log)
{
    private readonly int _threads = pool.Settings.Threads;
    private readonly ServiceTimes _times = new(pool.Ledger.Clock);

    /// <summary>Runs a call, which its caller hears of when it is retired: that is left to who runs it.</summary>
    public void Run(IModelInstance instance, InferenceCall call)
    {
        if (!_times.TryFailLate(call) && call.TryRun())
        {
            Compute(instance, call);
        }
    }

    /// <summary>
    /// Begins a call of an asynchronous function, and ends with it, the call retired. The instance is the call's until then, and so is this
    /// runner, but for pieces.
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="call">The call.</param>
    /// <param name="function">The pool's function.</param>
    /// <param name="schedule">Takes the pieces of the function behind the first.</param>
    public async Task RunAsync(IModelInstance instance, InferenceCall call, AsyncModelFunction function, Action<Action> schedule)
    {
        call.OutliveActor();
        try
        {
            if (!_times.TryFailLate(call) && call.TryRun())
            {
                await ComputeAsync(instance, call, function, schedule).ConfigureAwait(false);
            }
        }
        finally
        {
            call.Retire();
        }
    }

    /// <summary>Runs a piece of an asynchronous function as a call is run.</summary>
    public void Run(AsyncPiece piece)
    {
        pool.Source.BoundThreads(_threads);
        try
        {
            piece.Run();
        }
        finally
        {
            pool.Source.RestoreThreads();
        }
    }

    /// <summary>
    /// Joins the calls that still wait. A joined call that fails says nothing about which request was bad, and one whose kind is not
    /// believed yet nothing about the answers: the parts are run one by one then.
    /// </summary>
    public void Run(IModelInstance instance, CallBatch batch)
    {
        var codec = pool.Codec ?? throw new InvalidOperationException("A batch needs a codec.");
        var calls = new List<InferenceCall>(batch.Calls.Count);
        var kinds = new List<BatchKind>(batch.Calls.Count);
        for (var i = 0; i < batch.Calls.Count; i++)
        {
            var (call, kind) = (batch.Calls[i], batch.Kinds[i]);
            // Most batches are of one kind, whose key is one object.
            if (!IsLast(kind) && pool.Kinds.IsRefused(kind.Key))
            {
                pool.Ledger.Telemetry.Unjoined(1);
                Run(instance, call);
                call.Retire();
            }
            else if (!_times.TryFailLate(call) && call.TryRun())
            {
                calls.Add(call);
                kinds.Add(kind);
            }
            else
            {
                call.Retire();
            }
        }

        if (calls.Count == 1)
        {
            pool.Ledger.Telemetry.Joined(kinds[0].Rows);
            Compute(instance, calls[0]);
            calls[0].Retire();
        }
        else if (calls.Count > 1)
        {
            RunJoined(codec, instance, calls, kinds);
        }

        bool IsLast(BatchKind kind) => kinds.Count > 0 && ReferenceEquals(kind.Key, kinds[^1].Key);
    }

    private void RunJoined(IBatchCodec codec, IModelInstance instance, List<InferenceCall> calls, List<BatchKind> kinds)
    {
        var rows = kinds.Sum(kind => kind.Rows);
        var trust = pool.Kinds.Of(kinds[0].Key, rows);
        for (var i = 1; i < kinds.Count; i++)
        {
            var known = ReferenceEquals(kinds[i].Key, kinds[i - 1].Key) ? trust : pool.Kinds.Of(kinds[i].Key, rows);
            trust = known < trust ? known : trust;
        }

        var needed = JoinTrust.Full;
        var answers = Answers(codec, instance, calls, kinds, trust, ref needed);
        if (answers is not null && trust >= needed)
        {
            pool.Ledger.Telemetry.Joined(rows);
            for (var i = 0; i < calls.Count; i++)
            {
                calls[i].Complete(answers[i]);
                calls[i].Retire();
            }

            return;
        }

        Compare(codec, instance, calls, kinds, answers, needed);
    }

    /// <summary>Answers each call by itself, and compares: what joining would have answered, if it could, is released.</summary>
    private void Compare(
        IBatchCodec codec, IModelInstance instance, List<InferenceCall> calls, List<BatchKind> kinds, object[]? joined, JoinTrust earned)
    {
        var compared = 0;
        var isOther = joined is null;
        for (var i = 0; i < calls.Count; i++)
        {
            try
            {
                if (calls[i].TryRun() && TryEvaluate(instance, calls[i], out var answer))
                {
                    compared++;
                    if (joined is not null && !codec.AreSame(joined[i], answer))
                    {
                        isOther = true;
                        Refuse(kinds[i], $"the part of request {i + 1} of {calls.Count} is another answer than its single call's");
                    }

                    calls[i].Complete(answer);
                }
            }
            finally
            {
                codec.Release(joined?[i]);
                calls[i].Retire();
            }
        }

        // A request that fails alone has the joined call fail too, which tells nothing of the others.
        if (compared == calls.Count && joined is null)
        {
            kinds.ForEach(kind => Refuse(kind, "the joined call failed and the single ones did not"));
        }
        else if (compared == calls.Count && !isOther)
        {
            var rows = kinds.Sum(kind => kind.Rows);
            kinds.ForEach(kind => pool.Kinds.Believe(kind.Key, earned, rows));
        }

        if (isOther)
        {
            pool.Ledger.Telemetry.Unjoined(calls.Count);
        }
    }

    private void Refuse(BatchKind kind, string difference)
    {
        if (pool.Kinds.Refuse(kind.Key))
        {
            log.Warning(
                "{0} runs requests one by one that it was to join: {1}. Where its function does answer row by row, within rounding, set "
                + "zerocopy.inference.pools.{2}.batching.verify = off; else turn its batching off. Further kinds of requests are counted "
                + "by zerocopy.batches.fallbacks, not logged", pool.Ledger.Owner, difference, pool.Name);
        }
    }

    private void Compute(IModelInstance instance, InferenceCall call)
    {
        if (TryEvaluate(instance, call, out var answer))
        {
            call.Complete(answer);
        }
    }

    private async Task ComputeAsync(IModelInstance instance, InferenceCall call, AsyncModelFunction function, Action<Action> schedule)
    {
        IDisposable? own = null;
        var startedAt = pool.Ledger.Clock.GetTimestamp();
        call.Begin(startedAt);
        var trace = call.Telemetry.StartCompute(call.Trace);
        var scope = FunctionScope.Enter(pool.Ledger);
        try
        {
            var argument = call.Borrow(out own);
            Task<object?>? running = null;
            Run(new AsyncPiece(() => running = instance.RunAsync(function, argument, schedule)));
            var answer = await running!.ConfigureAwait(false);
            failures.NoteAnswer();
            call.End(startedAt);
            call.Complete(answer);
        }
        catch (Exception e)
        {
            call.End(startedAt);
            Fail(call, e);
        }
        finally
        {
            scope.Exit();
            trace?.Dispose();
            _times.Add(startedAt);
            own?.Dispose();
        }
    }

    private void Fail(InferenceCall call, Exception exception)
    {
        if (exception is not InferenceException { Failure: InferenceFailure.InvalidInput })
        {
            failures.NoteFailure();
        }

        call.Fail(ModelFailure.Of(exception, pool.Source, pool.Ledger.Owner));
    }

    private bool TryEvaluate(IModelInstance instance, InferenceCall call, out object? answer)
    {
        IDisposable? own = null;
        try
        {
            answer = Evaluate(instance, call.Borrow(out own), call);
            return true;
        }
        catch (Exception e)
        {
            Fail(call, e);
            answer = null;
            return false;
        }
        finally
        {
            own?.Dispose();
        }
    }

    private object? Evaluate(IModelInstance instance, object? argument, InferenceCall call)
    {
        var startedAt = pool.Ledger.Clock.GetTimestamp();
        call.Begin(startedAt);
        try
        {
            return Evaluate(instance, argument, startedAt, call.Trace);
        }
        finally
        {
            call.End(startedAt);
        }
    }

    private object? Evaluate(IModelInstance instance, object? argument, long startedAt, Activity? trace)
    {
        // For each call: the dispatcher may bring each on another thread.
        pool.Source.BoundThreads(_threads);
        var compute = pool.Ledger.Telemetry.StartCompute(trace);
        var scope = FunctionScope.Enter(pool.Ledger);
        try
        {
            var answer = instance.Run(pool.Function, argument);
            failures.NoteAnswer();
            return answer;
        }
        finally
        {
            scope.Exit();
            compute?.Dispose();
            _times.Add(startedAt);
            // A setting may have put others on the same thread.
            pool.Source.RestoreThreads();
        }
    }

    /// <summary>The answers of the joined call, which is not counted; null where it fails: each part then fails, or not, by
    /// itself.</summary>
    private object[]? Answers(
        IBatchCodec codec, IModelInstance instance, List<InferenceCall> calls, List<BatchKind> kinds, JoinTrust trust, ref JoinTrust needed)
    {
        object? joined = null;
        var rows = kinds.ConvertAll(kind => kind.Rows);
        using var batch = pool.Ledger.Telemetry.StartBatch(calls.Select(call => call.Trace), rows.Sum());
        try
        {
            joined = Join(codec, calls, trust, ref needed);
            var answer = EvaluateJoined(instance, joined, calls, batch)
                ?? throw new InferenceException(InferenceFailure.ModelError, "The model answered a joined call with nothing.");
            var answers = codec.Split(answer, rows);
            return answers.Count == calls.Count
                ? [.. answers.Select((part, i) => codec.Cut(part, kinds[i].Key))]
                : throw new InvalidOperationException($"The codec split the answer to {calls.Count} requests into {answers.Count}.");
        }
        catch (Exception e)
        {
            // Not lost: each part is run again alone and fails with its own error.
            log.Debug("A joined call to {0} failed, and its {1} requests run one by one: {2}", pool.Ledger.Owner, calls.Count, e.Message);
            return null;
        }
        finally
        {
            codec.Release(joined);
        }
    }

    private object? EvaluateJoined(IModelInstance instance, object joined, List<InferenceCall> calls, Activity? batch)
    {
        var startedAt = pool.Ledger.Clock.GetTimestamp();
        calls.ForEach(call => call.Begin(startedAt));
        try
        {
            return Evaluate(instance, joined, startedAt, batch);
        }
        finally
        {
            var compute = pool.Ledger.Clock.GetElapsedTime(startedAt);
            pool.Ledger.Telemetry.Computed(compute);
            calls.ForEach(call => call.EndJoined(compute, calls.Count));
        }
    }

    /// <summary>Joins the arguments, which are free afterwards, and says how much trust their answers need.</summary>
    private static object Join(IBatchCodec codec, List<InferenceCall> calls, JoinTrust trust, ref JoinTrust needed)
    {
        try
        {
            if (trust != JoinTrust.Full && calls.TrueForAll(call => codec.AreSame(calls[0].Argument, call.Argument)))
            {
                needed = JoinTrust.SameRequests;
            }

            return codec.Join(calls.ConvertAll(call => call.Argument!));
        }
        finally
        {
            calls.ForEach(call => call.MarkDetached());
        }
    }
}
