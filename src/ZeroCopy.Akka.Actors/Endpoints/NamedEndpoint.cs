using Akka.Event;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// What a name stands for now: a pool that is declared, or a model whose version nobody named. Where the name comes to mean another model,
/// that one is started beside the one that serves; calls go there when it is as warm, and the old one ends with its last call. Of
/// versions that cannot be loaded from the start the newest one serves that can. Thread-safe.
/// </summary>
/// <param name="plan">How it is served.</param>
/// <param name="resolve">
/// The model that the name stands for; throws where there is none. Waits for nobody: calls look.
/// </param>
/// <param name="versions">The versions of the name that may serve in the place of one that cannot be loaded.</param>
/// <param name="open">The endpoint of a model.</param>
/// <param name="serving">What it shares with others.</param>
internal sealed class NamedEndpoint(
    ModelPlan plan, Func<ModelHandle> resolve, Func<IEnumerable<ModelHandle>> versions, Func<ModelHandle, ModelEndpoint> open,
    ServingContext serving)
    : IServedEndpoint, ILoadableEndpoint
{
    // Whoever looks first says so first: an older answer of the store must not come after a newer one.
    private readonly Lock _looking = new();
    private readonly Lock _lock = new();
    private readonly HashSet<ModelHandle> _tried = [];
    private ModelEndpoint? _current;
    private ModelEndpoint? _next;
    private ModelHandle? _withdrawn;
    private ZeroCopyException? _missing;

    /// <inheritdoc/>
    public string Name => plan.Name;

    /// <inheritdoc/>
    public int? Version => Volatile.Read(ref _current)?.Version;

    /// <inheritdoc/>
    public bool IsRemote => plan.Settings.Remote;

    /// <inheritdoc/>
    public ModelHandle? Model => Volatile.Read(ref _current)?.Model;

    /// <inheritdoc/>
    public bool IsOfCode => false;

    /// <inheritdoc/>
    public int ReadyActors => Volatile.Read(ref _current)?.ReadyActors ?? 0;

    /// <inheritdoc/>
    public int Pending => Volatile.Read(ref _current)?.Pending ?? 0;

    /// <inheritdoc/>
    public EndpointState State => Volatile.Read(ref _current)?.State ?? EndpointState.Failed;

    /// <summary>Whether the version that it stands for is about to be removed.</summary>
    public bool IsRefused => Volatile.Read(ref _current) is { IsRefused: true };

    /// <summary>Of the model that serves, else of the one that is to take over.</summary>
    public string? LastError => Volatile.Read(ref _current)?.LastError ?? Volatile.Read(ref _next)?.LastError ?? _missing?.Message;

    /// <inheritdoc/>
    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            Look();
            lock (_lock)
            {
                return Current().GetSignatureAsync(cancellationToken);
            }
        }
        catch (InferenceException e)
        {
            return Task.FromException<ModelSignature>(e);
        }
    }

    /// <inheritdoc/>
    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        try
        {
            if (!plan.IsDeclared || Volatile.Read(ref _current) is null)
            {
                Look();
            }

            var (current, run) = Enter();
            return current.CallAsync(run, method, inputs, options ?? CallOptions.Default, cancellationToken);
        }
        catch (InferenceException e)
        {
            return Task.FromException<ModelAnswer>(e);
        }
    }

    /// <inheritdoc/>
    public async Task LoadAsync(CancellationToken cancellationToken = default)
    {
        Look();
        var (current, run) = Enter();
        await current.LoadAsync(run, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task UnloadAsync(CancellationToken cancellationToken = default)
    {
        if (plan.IsDeclared)
        {
            return Task.FromException(new InferenceException(
                InferenceFailure.InvalidInput, $"{plan.Name} stays loaded: it is declared as {plan.SettingsPath}."));
        }

        lock (_lock)
        {
            Drop();
            _current?.EndWhenUnused();
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Finds out what the name stands for now. A pool that is declared is started, and serves on where the name has gone.
    /// </summary>
    public void Look()
    {
        lock (_looking)
        {
            try
            {
                Found(resolve());
            }
            catch (ModelNotFoundException missing)
            {
                Lost(missing);
            }
            catch (StoreUnavailableException unknown)
            {
                // What serves serves on.
                Volatile.Write(ref _missing, unknown);
            }
            catch (ObjectDisposedException closed)
            {
                throw new InferenceException(
                    InferenceFailure.ShuttingDown, $"{plan.Name} is not served any more: {closed.Message}", closed);
            }
        }
    }

    /// <summary>
    /// Whether it is declared, and serves one of the models that are meant, or is about to. One that it could not load is free.
    /// </summary>
    public bool IsDeclaredFor(Func<ModelName, bool> isMeant)
    {
        lock (_lock)
        {
            return plan.IsDeclared && (Serves(_current) || Serves(_next));
        }

        bool Serves(ModelEndpoint? model) =>
            model is { Model.Name: { } name } && isMeant(name) && (model.ReadyActors > 0 || model.LastError is null);
    }

    /// <summary>
    /// Lets the next model serve as soon as it is as warm as the one that does, or that one is about to be removed, or has ended; in place
    /// of one that has ended and can be loaded, none serves that cannot.
    /// </summary>
    public void TakeOver()
    {
        lock (_lock)
        {
            if (_next is not { } next || _current is not { } current)
            {
                return;
            }

            var isFree = !current.IsRunning && (next.LastError is null || current.LastError is not null);
            if (current.IsRefused || isFree || next.ReadyActors >= Math.Clamp(current.ReadyActors, 1, plan.Settings.Size))
            {
                serving.Log.Info("{0} is served by {1} from now on, no longer by {2}", plan.Name, next.Model, current.Model);
                _withdrawn = current.IsRefused ? current.Model : null;
                _current = next;
                _next = null;
                current.EndWhenUnused();
            }
        }
    }

    /// <summary>The model that serves, and its pool, which stays until the call with it has ended.</summary>
    private (ModelEndpoint Current, ModelRun Run) Enter()
    {
        for (ModelEndpoint? refused = null; ; Look())
        {
            lock (_lock)
            {
                // In one step with the choice: one that is replaced has this call to wait for.
                var current = Current();
                if (current.TryEnter() is { } run)
                {
                    return (current, run);
                }

                // Its version was withdrawn since somebody looked: the name stands for what is left of it, unless that is what is declared.
                refused = current != refused ? current : throw current.Removing();
            }
        }
    }

    private ModelEndpoint Current() => _current ?? throw new InferenceException(
        _missing is StoreUnavailableException ? InferenceFailure.LoadFailed : InferenceFailure.ModelNotFound,
        _missing?.Message ?? $"There is no model for {plan.Name}.",
        _missing);

    private void Found(ModelHandle model)
    {
        lock (_lock)
        {
            _missing = null;
            var current = _current ?? open(model);
            // One that is about to be removed gets no further calls, also where nobody follows, and where another name has its model. One
            // that was not removed after all gets them again.
            if (current.IsRefused ? current.Model.Name == model.Name
                : model != _withdrawn && (current.Model.Id == model.Id || !plan.Settings.Follow))
            {
                Drop();
            }
            else if (_next?.Model != model)
            {
                Drop();
                _next = open(model);
            }

            if (current.ReadyActors > 0)
            {
                _tried.Clear();
            }
            else if (current is { State: EndpointState.Failed, LastError: { } reason } && Instead(current.Model) is { } loadable)
            {
                serving.Log.Warning(
                    "{0} is served by {1} until {2} can be loaded, which failed: {3}", plan.Name, loadable, current.Model, reason);
                if (_next is null)
                {
                    _next = current;
                }
                else
                {
                    current.EndWhenUnused();
                }

                current = open(loadable);
            }

            if (_next is { } next && current.IsRunning)
            {
                next.WarmUp();
            }

            if (plan.IsDeclared)
            {
                current.WarmUp();
            }

            // Not before it is started: one that nobody has started yet says that it is ready.
            _current = current;
            TakeOver();
        }
    }

    /// <summary>The newest version before one that could not be loaded, of those that were not tried since one could.</summary>
    private ModelHandle? Instead(ModelHandle failed)
    {
        var model = !plan.Settings.Follow ? null
            : versions().Where(model => model.Name!.Value.Version < failed.Name?.Version && !_tried.Contains(model))
                .MaxBy(model => model.Name!.Value.Version);
        return model is not null && _tried.Add(model) ? model : null;
    }

    private void Lost(ModelNotFoundException missing)
    {
        lock (_lock)
        {
            _missing = missing;
            if (!plan.IsDeclared)
            {
                Drop();
                _current?.EndWhenUnused();
                (_current, _withdrawn) = (null, null);
            }
        }
    }

    private void Drop()
    {
        _next?.EndWhenUnused();
        _next = null;
    }
}
