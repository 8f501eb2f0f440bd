using System.Runtime.CompilerServices;
using Akka.Actor;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Clocks;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tasks;

/// <summary>Task mode: an actor of its own for each call, on whichever model the caller names. Thread-safe.</summary>
public sealed class TaskRunner
{
    private readonly TaskSettings _settings;
    private readonly CallLedger _ledger;
    private readonly TaskGate _gate;
    private readonly ConditionalWeakTable<IInstanceSource, ServiceTimes> _times = [];

    internal TaskRunner(IActorRef supervisor, TaskSettings settings, TimeProvider clock)
    {
        _settings = settings;
        _ledger = new CallLedger("the task runner", settings.QueueCapacity, "zerocopy.tasks", clock)
        {
            Telemetry = new ModelTelemetry("tasks"),
        };
        _gate = new TaskGate(settings.MaxConcurrency, task => supervisor.Tell(task, ActorRefs.NoSender));
    }

    /// <summary>Tasks that wait or run.</summary>
    public int Pending => _ledger.Count;

    /// <summary>Whether it takes no more tasks.</summary>
    internal bool IsClosed => _ledger.IsClosed;

    /// <summary>
    /// Runs <paramref name="function"/> on an instance of the model. The answer belongs to the caller; the argument to whom
    /// <see cref="TaskOptions.Ownership"/> says. Given arguments and unwanted answers are released by
    /// <see cref="IInstanceSource.Release"/>.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.InferenceException">The task was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<object?> RunAsync(
        IInstanceSource source,
        ModelFunction function,
        object? argument,
        TaskOptions? options = null,
        CancellationToken cancellationToken = default) =>
        Begin(source, function, argument, options, cancellationToken).Task;

    /// <summary>What is measured of the tasks.</summary>
    internal ModelTelemetry Telemetry => _ledger.Telemetry;

    /// <summary>Begins a task, which is answered or refused by its call's task.</summary>
    internal InferenceCall Begin(
        IInstanceSource source, ModelFunction function, object? argument, TaskOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(function);
        options ??= TaskOptions.Default;
        if (_settings.UsesThreadPool)
        {
            // Not before: a process without tasks needs no further threads, which would compete with those of its pools.
            ThreadPoolRoom.Reserve(_settings.MaxConcurrency);
        }

        var terms = new CallTerms(Durations.OrNone(options.Deadline ?? _settings.Deadline), options.Ownership, null, cancellationToken);
        var call = new InferenceCall(_ledger, source, argument, terms);
        _ledger.Submit(
            call, (Runner: this, source, function, options),
            static (call, task) => task.Runner._gate.Enter(
                task.Runner.Prepare(call, task.source, task.function, task.options)));
        return call;
    }

    /// <summary>
    /// Takes no more tasks, lets those that somebody waits for finish within the limit (null: <c>zerocopy.tasks.drain-timeout</c>,
    /// <see cref="Timeout.InfiniteTimeSpan"/>: none) and fails the rest with <see cref="ZeroCopy.Errors.InferenceFailure.ShuttingDown"/>.
    /// </summary>
    public Task DrainAsync(TimeSpan? limit = null) => _ledger.CloseAsync(limit ?? _settings.DrainTimeout);

    /// <summary>Takes no more tasks and answers what is left: no actor is.</summary>
    internal void End()
    {
        _ledger.Close();
        _ledger.RetireAll();
    }

    private TaskCall Prepare(InferenceCall call, IInstanceSource source, ModelFunction function, TaskOptions options) => new(
        call, source, function, options, _gate, _ledger, _times.GetValue(source, _ => new ServiceTimes(_ledger.Clock)))
    {
        Within = FunctionScope.Current,
    };
}
