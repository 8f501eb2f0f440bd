using Akka.Event;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// One model of the store, at one version: its first call starts a pool for it, calls that come meanwhile wait for the same one, and a pool
/// that ended for want of calls is started again by the next. A pool never ends while a call goes to it. Thread-safe.
/// </summary>
internal sealed class ModelEndpoint(ModelPlan plan, ModelHandle model, ServingContext serving)
    : IServedEndpoint, ILoadableEndpoint
{
    private readonly Lock _lock = new();
    private ModelRun? _run;
    private ModelSignature? _signature;
    private string? _startError;
    private string? _loadError;
    private long _failedAt;
    private bool _endsWhenUnused;
    private int _isSaidUnjoined;

    /// <summary>The model.</summary>
    public ModelHandle Model => model;

    /// <inheritdoc/>
    ModelHandle? IServedEndpoint.Model => model;

    /// <inheritdoc/>
    public string Name => plan.Name;

    /// <inheritdoc/>
    public int? Version => model.Name?.Version;

    /// <inheritdoc/>
    public bool IsRemote => plan.Settings.Remote;

    /// <inheritdoc/>
    public EndpointState State
    {
        get
        {
            if (serving.IsClosed || _startError is not null)
            {
                return EndpointState.Failed;
            }

            if (Volatile.Read(ref _run) is not { } run)
            {
                return EndpointState.Ready;
            }

            var state = run.Started is { IsCompletedSuccessfully: true, Result: var pool } ? pool.State : EndpointState.Loading;
            // The next call starts another pool where one has ended, such as between these looks at it.
            return run.Pool is { IsClosed: true } ? EndpointState.Ready : state;
        }
    }

    /// <inheritdoc/>
    public string? LastError => _startError
        ?? (Volatile.Read(ref _run)?.Started is { IsCompletedSuccessfully: true, Result: var pool } ? pool.LastError : _loadError);

    /// <summary>Whether it has a pool.</summary>
    public bool IsRunning => Volatile.Read(ref _run) is not null;

    /// <summary>Actors that have the model.</summary>
    public int ReadyActors => Volatile.Read(ref _run)?.Pool?.ReadyActors ?? 0;

    /// <inheritdoc/>
    public int Pending => Volatile.Read(ref _run)?.Pool?.Pending ?? 0;

    /// <summary>Whether it is about to be removed, and gets no further calls.</summary>
    public bool IsRefused => model.Name is { } name && serving.Withdrawals.Refuses(name);

    /// <inheritdoc/>
    public async Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _signature) is { } known)
        {
            return known;
        }

        var read = await Task.Run(
            () =>
            {
                try
                {
                    using var opened = serving.Opener.Open(model, plan.Settings.Device);
                    return SignatureOf(opened.Binder);
                }
                catch (Exception e)
                {
                    throw Failure(e);
                }
            },
            cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _signature, read);
        return read;
    }

    /// <inheritdoc/>
    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        try
        {
            return CallAsync(Enter(), method, inputs, options ?? CallOptions.Default, cancellationToken);
        }
        catch (InferenceException e)
        {
            return Task.FromException<ModelAnswer>(e);
        }
    }

    /// <summary>Calls the pool that <see cref="Enter"/> returned.</summary>
    public async Task<ModelAnswer> CallAsync(
        ModelRun run, string method, IReadOnlyList<NamedTensor> inputs, CallOptions options, CancellationToken cancellationToken)
    {
        try
        {
            if (!run.Started.IsCompletedSuccessfully)
            {
                options = await WaitAsync(run, options, cancellationToken).ConfigureAwait(false);
            }

            var pool = await run.Started.ConfigureAwait(false);
            var answer = await pool.CallAsync(method, inputs, options, cancellationToken).ConfigureAwait(false);
            answer.Version = Version;
            return answer;
        }
        finally
        {
            Leave(run);
        }
    }

    /// <summary>A pool, started where there is none, that stays until the call with it has ended.</summary>
    /// <exception cref="InferenceException">The node shuts down, or the model is about to be removed.</exception>
    public ModelRun Enter() => TryEnter() ?? throw Removing();

    /// <summary>As <see cref="Enter"/>; null where the model is about to be removed.</summary>
    /// <exception cref="InferenceException">The node shuts down.</exception>
    public ModelRun? TryEnter()
    {
        serving.ThrowIfClosed(plan.Name);
        lock (_lock)
        {
            if (IsRefused)
            {
                return null;
            }

            var run = Running();
            run.Users++;
            return run;
        }
    }

    /// <summary>What a call gets whose model is about to be removed.</summary>
    public InferenceException Removing() => Withdrawals.Removing(model.Name!.Value);

    /// <summary>
    /// Starts the pool where there is none, unless the model is about to be removed or the last start failed a moment ago.
    /// </summary>
    public void WarmUp()
    {
        lock (_lock)
        {
            if (!IsRefused && (_startError is null || serving.Clock.GetElapsedTime(_failedAt) >= plan.Settings.Load.MaxBackoff))
            {
                Running();
            }
        }
    }

    /// <inheritdoc/>
    public async Task LoadAsync(CancellationToken cancellationToken = default) =>
        await LoadAsync(Enter(), cancellationToken).ConfigureAwait(false);

    /// <summary>Waits for the pool that <see cref="Enter"/> returned.</summary>
    public async Task LoadAsync(ModelRun run, CancellationToken cancellationToken)
    {
        try
        {
            var endpoint = await run.Started.WaitAsync(cancellationToken).ConfigureAwait(false);
            await run.Pool!.WhenDecidedAsync(cancellationToken).ConfigureAwait(false);
            if (endpoint.State != EndpointState.Ready)
            {
                throw new InferenceException(
                    run.Pool.IsClosed ? InferenceFailure.ShuttingDown : InferenceFailure.LoadFailed,
                    $"Model {model} could not be loaded: {endpoint.LastError}",
                    run.Pool.LastLoadError);
            }
        }
        finally
        {
            Leave(run);
        }
    }

    /// <inheritdoc/>
    public Task UnloadAsync(CancellationToken cancellationToken = default)
    {
        EndWhenUnused();
        return Task.CompletedTask;
    }

    /// <summary>Ends the pool as soon as no call goes to it.</summary>
    public void EndWhenUnused()
    {
        lock (_lock)
        {
            _endsWhenUnused = _run is not null;
            EndIf(_run is { Users: 0 });
        }
    }

    /// <summary>Ends the pool where it had no call for that long.</summary>
    public void EndIfIdle(TimeSpan limit)
    {
        lock (_lock)
        {
            EndIf(_run is { Users: 0 } run && serving.Clock.GetElapsedTime(run.LastUse) >= limit);
        }
    }

    private ModelRun Running()
    {
        // One that was drained, or whose actors were stopped, is over.
        if (_run is not { } run || run.Pool is { IsClosed: true })
        {
            _run = run = new ModelRun(serving.Clock.GetTimestamp());
            _endsWhenUnused = false;
            run.Started = Task.Run(() => StartAsync(run));
            run.Started.ContinueWith(Started, TaskScheduler.Default);
        }

        return run;
    }

    private void Leave(ModelRun run)
    {
        lock (_lock)
        {
            run.LastUse = serving.Clock.GetTimestamp();
            run.Users--;
            EndIf(_endsWhenUnused && _run == run && run.Users == 0);
        }
    }

    // The caller holds the lock.
    private void EndIf(bool condition)
    {
        if (condition && _run is { } run)
        {
            _loadError = run.Started is { IsCompletedSuccessfully: true, Result: var pool } ? pool.LastError : null;
            _run = null;
            _endsWhenUnused = false;
            _ = Task.Run(() => EndAsync(run));
        }
    }

    private async Task<PoolEndpoint> StartAsync(ModelRun run)
    {
        IOpenedModel? opened = null;
        var turn = await serving.Turns.TakeAsync().ConfigureAwait(false);
        try
        {
            ThrowIfEnded(run);
            opened = serving.Opener.Open(model, plan.Settings.Device);
            var (source, binder) = (opened.Source, opened.Binder);
            Volatile.Write(ref _signature, SignatureOf(binder));
            var settings = binder.Codec is null ? plan.Settings with { Batching = null } : plan.Settings;
            var name = plan.IsDeclared ? plan.Name : model.ToString();
            if (plan.Settings.Batching is not null && !binder.Signature.Methods.Any(method => method.IsBatchable)
                && Interlocked.Exchange(ref _isSaidUnjoined, 1) == 0)
            {
                serving.Log.Warning(
                    "{0} has batching on, and none of the methods of {1} has its calls joined: its answers are no tensors of rows, it "
                    + "keeps a state, or it computes over all rows; 'zerocopy show {1}' says where, as script.sharing and "
                    + "script.mixing-rows",
                    name, model);
            }

            run.Pool = await serving.StartAsync(
                new PoolPlan(name, source, binder.Run, settings, plan.SettingsPath)
                {
                    Codec = binder.Codec,
                    Model = plan.Name,
                    Version = Version,
                    ModelId = model.Id,
                },
                () => Ended(run, opened)).ConfigureAwait(false);
            _ = run.Pool.WhenDecidedAsync(CancellationToken.None).ContinueWith(_ => turn.End(), TaskScheduler.Default);
            _startError = null;
            return new PoolEndpoint(run.Pool, binder)
            {
                Name = plan.Name,
                Version = Version,
                Method = plan.Settings.Method,
                Model = model,
            };
        }
        catch (Exception e)
        {
            turn.End();
            opened?.Dispose();
            var failure = Failure(e);
            lock (_lock)
            {
                // Not of one that was freed meanwhile: it did not fail.
                if (Forget(run))
                {
                    _failedAt = serving.Clock.GetTimestamp();
                    _startError = failure.Message;
                }
            }

            throw failure;
        }
    }

    /// <summary>One whose model was freed, or whose node was closed, while it waited is not opened any more.</summary>
    private void ThrowIfEnded(ModelRun run)
    {
        serving.ThrowIfClosed(plan.Name);
        lock (_lock)
        {
            if (_run != run)
            {
                throw new InferenceException(InferenceFailure.ShuttingDown, $"{plan.Name} was freed before it was loaded.")
                {
                    NeverRan = true,
                };
            }
        }
    }

    private void Started(Task start)
    {
        // Where no call waits for it, its failure is in LastError alone.
        _ = start.Exception;
        serving.Changed(plan.Name);
    }

    private static async Task EndAsync(ModelRun run)
    {
        await ((Task)run.Started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (run.Pool is { } pool)
        {
            // Nobody waits for a call of it.
            await pool.DrainAsync().ConfigureAwait(false);
        }
    }

    private void Ended(ModelRun run, IOpenedModel opened)
    {
        lock (_lock)
        {
            Forget(run);
        }

        opened.Dispose();
    }

    /// <summary>False where another one has taken its place, or it was freed.</summary>
    private bool Forget(ModelRun run)
    {
        if (_run != run)
        {
            return false;
        }

        _run = null;
        return true;
    }

    /// <summary>Waits for the start of a pool; what is left of the call's deadline is for the call.</summary>
    private async Task<CallOptions> WaitAsync(ModelRun run, CallOptions options, CancellationToken cancellationToken)
    {
        var from = serving.Clock.GetTimestamp();
        var limit = options.Deadline ?? plan.Settings.Deadline ?? Timeout.InfiniteTimeSpan;
        try
        {
            await Durations.WaitAsync(run.Started, limit, serving.Clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new InferenceException(
                InferenceFailure.DeadlineExceeded,
                $"The pool of {plan.Name} was not started within the deadline of {Durations.Text(limit)}; give the call a longer one or "
                + $"raise {plan.SettingsPath}.deadline.")
            {
                Waited = limit,
            };
        }

        return Durations.OrNone(limit) is null ? options : options with { Deadline = limit - serving.Clock.GetElapsedTime(from) };
    }

    private ModelSignature SignatureOf(ICallBinder binder)
    {
        var signature = binder.Signature;
        var method = plan.Settings.Method;
        return method.Length == 0 ? signature
            : signature.Find(method) is not null ? signature with { Default = method }
            : throw new InferenceException(
                InferenceFailure.LoadFailed,
                $"{plan.SettingsPath}.method is '{method}', and {model} has "
                + $"{string.Join(", ", signature.Methods.Select(known => known.Name))}.");
    }

    private InferenceException Failure(Exception thrown) => thrown switch
    {
        InferenceException typed => typed,
        ModelNotFoundException => new InferenceException(InferenceFailure.ModelNotFound, thrown.Message, thrown),
        ObjectDisposedException => new InferenceException(
            InferenceFailure.ShuttingDown, $"{plan.Name} is not served any more: {thrown.Message}", thrown),
        _ => new InferenceException(InferenceFailure.LoadFailed, $"Model {model} could not be opened: {thrown.Message}", thrown),
    };
}
