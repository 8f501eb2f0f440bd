using System.Collections.Concurrent;
using Akka.Actor;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// Makes one attempt at a task and stops.
/// </summary>
/// <remarks>
/// <code>
///            warm instance
///   start ──────────────────────► run ──► stopped
///     └──► renting ────────────────┘
/// </code>
/// The instance goes back before the caller is answered, so that callers in sequence use the same warm one. A further attempt has an actor
/// of its own: during the pause before it, other tasks have the place.
/// </remarks>
internal sealed class TaskActor(TaskCall task) : UntypedActor
{
    private InstanceTicket? _ticket;
    private TaskCall? _again;

    /// <summary>Of actors that take a task each, in the order in which they start.</summary>
    public static Props Props(ConcurrentQueue<TaskCall> tasks) => Akka.Actor.Props.CreateBy(new Producer<TaskActor>(() => new TaskActor(
        tasks.TryDequeue(out var task) ? task : throw new InvalidOperationException("An actor was started without a task."))))
        .WithDispatcher(TaskSettings.Dispatcher).WithMailbox(TaskSettings.Mailbox);

    // By message: what fails in PreStart itself ends an actor without its PostStop.
    protected override void PreStart() => Self.Tell(Begin.Instance);

    protected override void OnReceive(object message)
    {
        // On a thread that others use too: what they left open there, or bounded it to, is not meant for the task.
        task.Source.ResetThread();
        switch (message)
        {
            case Rented rented when rented.Ticket == _ticket:
                Run(_ticket.Take() ?? throw new InvalidOperationException("A ticket that was served holds no instance."));
                break;
            case RentFailed failed when failed.Ticket == _ticket:
                Fail(LoadFailure(failed.Cause));
                break;
            case Begin:
                Start();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        _ticket?.Abandon();
        try
        {
            if (_again is { } again)
            {
                again.Call.After(again.Options.Retry.PauseAfter(again.FailedAttempts), () => again.Gate.Enter(again));
            }
            else
            {
                End();
            }
        }
        finally
        {
            task.Gate.Leave(task);
        }
    }

    private void End()
    {
        if (!task.Call.IsAnswered)
        {
            task.Call.Fail(new InferenceException(
                InferenceFailure.ActorCrashed,
                $"The actor of a task on {task.Source.Name} crashed or was stopped before the task had ended."));
        }

        task.Call.Retire();
    }

    private void Start()
    {
        if (task.Call.IsAnswered || task.Times.TryFailLate(task.Call))
        {
            Context.Stop(Self);
            return;
        }

        IModelInstance? warm;
        try
        {
            task.Source.TryRent(out warm);
        }
        catch (Exception e)
        {
            Fail(LoadFailure(e));
            return;
        }

        if (warm is not null)
        {
            Run(warm);
        }
        else
        {
            var ticket = _ticket = new InstanceTicket();
            var self = Self;
            Task.Run(() => ticket.RentAsync(task.Source))
                .PipeTo(self, self, () => new Rented(ticket), cause => new RentFailed(ticket, cause));
        }
    }

    private void Run(IModelInstance instance)
    {
        _ticket = null;
        if (!task.Call.TryRun())
        {
            instance.Dispose();
            Context.Stop(Self);
            return;
        }

        object? answer;
        IDisposable? own = null;
        var startedAt = task.Ledger.Clock.GetTimestamp();
        task.Call.Begin(startedAt);
        var trace = task.Call.Telemetry.StartCompute(task.Call.Trace);
        var scope = FunctionScope.Enter(task.Within?.Pool);
        try
        {
            task.Source.BoundThreads(null);
            answer = instance.Run(task.Function, task.Call.Borrow(out own));
        }
        catch (Exception e)
        {
            instance.Dispose();
            Fail(ModelFailure.Of(e, task.Source, task.Ledger.Owner));
            return;
        }
        finally
        {
            scope.Exit();
            trace?.Dispose();
            task.Call.End(startedAt);
            task.Source.RestoreThreads();
            own?.Dispose();
            task.Times.Add(startedAt);
        }

        instance.Dispose();
        task.Call.Complete(answer);
        Context.Stop(Self);
    }

    private void Fail(Exception failure)
    {
        _ticket = null;
        var failed = task.FailedAttempts + 1;
        if (task.Options.Retry.ShouldRetry(failure, failed) && (task.Call.IsQueued || task.Call.TryRequeue()))
        {
            _again = task with { FailedAttempts = failed };
        }
        else
        {
            task.Call.Fail(failure);
        }

        Context.Stop(Self);
    }

    private InferenceException LoadFailure(Exception cause) => new(
        InferenceFailure.LoadFailed, $"Model {task.Source.Name} could not be loaded for a task: {cause.Message}", cause);

    private sealed record Rented(InstanceTicket Ticket);

    private sealed record RentFailed(InstanceTicket Ticket, Exception Cause);

    private sealed record Begin
    {
        public static readonly Begin Instance = new();
    }
}
