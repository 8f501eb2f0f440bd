using Akka.Actor;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Clocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// A pool of inference actors over one model, as callers in this process see it. Thread-safe. A call crosses one mailbox by reference. A
/// model that throws fails its call; one that crashes in native code ends the process, so it belongs into one of its own.
/// </summary>
public sealed class InferencePool
{
    private readonly PoolContext _context;
    private readonly MicroBatcher? _batcher;
    private readonly Lazy<Task> _drain;
    private readonly IDisposable _observed;
    private readonly Task _ended;
    private readonly Action _onStopped;
    private TimeSpan _drainLimit;

    internal InferencePool(PoolContext context, IActorRef router, TimeSpan drainLimit, Action onStopped)
    {
        _context = context;
        _onStopped = onStopped;
        Router = router;
        _drainLimit = drainLimit;
        _drain = new Lazy<Task>(DrainOnceAsync);
        if (context.Settings.Batching is { } batching && context.Codec is { } codec)
        {
            _batcher = new MicroBatcher(
                batching, codec, context.Kinds, () => context.Readiness.Ready, context.Ledger.Clock,
                work => Router.Tell(work, ActorRefs.NoSender));
            context.Readiness.Changed += _batcher.UseIdle;
        }

        _observed = ObservedPools.Add(context.Ledger.Telemetry, ModelId, Settings.QueueCapacity, () => Actors, () => ReadyActors);
        _ended = EndAsync();
    }

    /// <summary>The pool's name.</summary>
    public string Name => _context.Name;

    /// <summary>The settings that the pool runs with.</summary>
    public PoolSettings Settings => _context.Settings;

    /// <summary>Calls that are queued or running.</summary>
    public int Pending => _context.Ledger.Count;

    /// <summary>Whether an actor has its model and calls are taken.</summary>
    public bool IsReady => _context.Readiness.Ready > 0 && !_context.Ledger.IsClosed;

    /// <summary>Actors of the pool, those that load their model among them.</summary>
    internal int Actors => _context.Readiness.Actors;

    /// <summary>The version of its model; null where it has none.</summary>
    internal int? Version => _context.Version;

    /// <summary>The model of the store that its actors have; null where that is not known.</summary>
    internal ModelId? ModelId => _context.ModelId;

    /// <summary>What is measured of its calls.</summary>
    internal ModelTelemetry Telemetry => _context.Ledger.Telemetry;

    /// <summary>Actors that have their model.</summary>
    public int ReadyActors => _context.Readiness.Ready;

    /// <summary>Why loading failed the last time; null while it did not.</summary>
    public Exception? LastLoadError => _context.Readiness.LastLoadError;

    /// <summary>Whether it takes no more calls: it drains, or has stopped.</summary>
    internal bool IsClosed => _context.Ledger.IsClosed;

    /// <summary>Whether calls fail because no actor could load the model; loading is tried on.</summary>
    internal bool HasGivenUp => _context.Readiness.HasGivenUp;

    /// <summary>What the properties above say may have changed. Raised on any thread, an actor's too.</summary>
    internal event Action? Changed
    {
        add => _context.Readiness.Changed += value;
        remove => _context.Readiness.Changed -= value;
    }

    /// <summary>The Akka router in front of the actors.</summary>
    public IActorRef Router { get; }

    /// <summary>Ends when the first actor has its model. Calls made earlier wait for it.</summary>
    /// <exception cref="ZeroCopy.Errors.InferenceException">
    /// The pool has stopped before: <see cref="ZeroCopy.Errors.InferenceFailure.ShuttingDown"/>.
    /// </exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => _context.Readiness.FirstReady.WaitAsync(cancellationToken);

    /// <summary>Ends when the pool can be called, or has to be given up for now.</summary>
    internal async Task WhenDecidedAsync(CancellationToken cancellationToken)
    {
        var decided = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Changed += Look;
        try
        {
            Look();
            await decided.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Changed -= Look;
        }

        void Look()
        {
            if (IsReady || IsClosed || HasGivenUp)
            {
                decided.TrySetResult();
            }
        }
    }

    /// <summary>
    /// Runs the pool's function on <paramref name="argument"/>. The answer belongs to the caller; the argument to whom
    /// <see cref="CallOptions.Ownership"/> says. A call that is given up frees its answer by itself.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.InferenceException">The call was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<object?> CallAsync(object? argument, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        Begin(argument, options, cancellationToken).Task;

    /// <summary>Begins a call, which is answered or refused by its task.</summary>
    internal InferenceCall Begin(object? argument, CallOptions? options, CancellationToken cancellationToken)
    {
        options ??= CallOptions.Default;
        var terms = new CallTerms(
            Durations.OrNone(options.Deadline ?? Settings.Deadline), options.Ownership, options.HashKey, cancellationToken);
        var call = new InferenceCall(_context.Ledger, _context.Source, argument, terms);
        // Described before it is admitted: from then on it may be given up, and its argument freed, at any time.
        var kind = _batcher?.Describe(argument, options.HashKey);
        _context.Ledger.Submit(call, (Pool: this, kind), static (call, way) => way.Pool.Send(call, way.kind));
        return call;
    }

    /// <summary>
    /// Takes no more calls, lets those that somebody waits for finish within the limit (null: <c>zerocopy.inference.drain-timeout</c>,
    /// <see cref="Timeout.InfiniteTimeSpan"/>: none), fails the rest with <see cref="ZeroCopy.Errors.InferenceFailure.ShuttingDown"/>, and
    /// stops the actors, which return their instances; one that computes returns it when its model returns. The pool's name is free
    /// after that. Only the first call counts.
    /// </summary>
    public Task DrainAsync(TimeSpan? limit = null)
    {
        _drainLimit = limit ?? _drainLimit;
        return _drain.Value;
    }

    /// <summary>Retires what is left when no actor is.</summary>
    internal void RetireAll() => _context.Ledger.RetireAll();

    private void Send(InferenceCall call, BatchKind? kind)
    {
        if (kind is { } joins)
        {
            _batcher!.Add(call, joins);
        }
        else
        {
            Router.Tell(call, ActorRefs.NoSender);
        }
    }

    private async Task DrainOnceAsync()
    {
        var closed = _context.Ledger.CloseAsync(_drainLimit);
        _batcher?.FlushAll();
        await closed.ConfigureAwait(false);
        _batcher?.Dispose();

        // Whoever waited is answered by now. An actor inside native code cannot be interrupted: it returns its instance when the model
        // returns, and only then are the messages behind it gone for certain.
        Router.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        if (Pending == 0)
        {
            await _ended.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// When the actors have stopped, by a drain or because somebody stopped them: no call is left without an answer, and the name is free
    /// before the last caller hears of it.
    /// </summary>
    private async Task EndAsync()
    {
        await _context.Stopped.Task.ConfigureAwait(false);
        _context.Ledger.Close();
        _batcher?.Dispose();
        _observed.Dispose();
        _context.Readiness.Ended(
            new InferenceException(InferenceFailure.ShuttingDown, $"Pool {Name} has stopped, and no actor of it had its model."));
        _onStopped();
        RetireAll();
        await _context.Gone.CancelAsync().ConfigureAwait(false);
    }
}
