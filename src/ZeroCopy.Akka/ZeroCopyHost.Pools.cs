using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Hosting;
using ZeroCopy.Instances;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Batching;

namespace ZeroCopy;

public sealed partial class ZeroCopyHost
{
    private readonly ConcurrentDictionary<string, StartedPool> _pools = new(StringComparer.Ordinal);

    private readonly PoolArrivals _arrivals = new();

    /// <summary>
    /// Starts a pool of actors that run a function on a model or pipeline, each on an instance of its own. The actors load in the
    /// background; calls may be made at once.
    /// </summary>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model, in either mode.</param>
    /// <param name="function">
    /// What a call runs, without gradients. Tensors that it makes on the way are disposed; those in its answer are the caller's own, also
    /// where it hands through its input or a weight of the model. Where the settings join requests to batches, it gets the joined input.
    /// </param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="load">Where the instances run, and how they are built in a process that did not wrap the model.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>The pool, which is the caller's to dispose, and ends with the host.</returns>
    /// <exception cref="InvalidSettingsException">Its settings, or what changes them, are out of range.</exception>
    /// <exception cref="ArgumentException">The name cannot be one of an actor, or there is a pool of that name.</exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device, or a script of the model cannot run on it.</exception>
    /// <exception cref="RecipeUnavailableException">This process did not wrap the model and cannot build a T.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null,
        LoadOptions<T>? load = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(function);
        return await StartAsync<T, TIn, TOut>(
            name, await SourceAsync(model, load, cancellationToken).ConfigureAwait(false), function, null, configure).ConfigureAwait(false);
    }

    /// <summary>
    /// As with a function that does not await. An actor runs nothing else on its instance until the function has ended; meanwhile its
    /// thread serves others.
    /// </summary>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model, in either mode.</param>
    /// <param name="function">
    /// What a call runs. Behind each await it goes on where the pool computes, without gradients; tensors that it makes on the way are
    /// disposed when it has ended, those in its answer are the caller's own. A dispose scope or mode of its own must not be open across an
    /// await, as those belong to threads, and behind <c>ConfigureAwait(false)</c> it is on its own: on the .NET pool, with gradients on,
    /// and with what it makes to dispose.
    /// </param>
    /// <param name="configure">Changes the settings; micro-batches are for functions that do not await.</param>
    /// <param name="load">Where the instances run, and how they are built in a process that did not wrap the model.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>The pool, which is the caller's to dispose, and ends with the host.</returns>
    /// <exception cref="InvalidSettingsException">Its settings, or what changes them, are out of range.</exception>
    /// <exception cref="ArgumentException">
    /// The name cannot be one of an actor, or there is a pool of that name, or its settings have batching on.
    /// </exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device, or a script of the model cannot run on it.</exception>
    /// <exception cref="RecipeUnavailableException">This process did not wrap the model and cannot build a T.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<T, TIn, Task<TOut>> function, Func<PoolSettings, PoolSettings>? configure = null,
        LoadOptions<T>? load = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(function);
        return await StartAsync<T, TIn, TOut>(
            name, await SourceAsync(model, load, cancellationToken).ConfigureAwait(false), null, function, configure).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)"/>, for a function that knows the model by a base class, such as <c>Module&lt;Tensor,
    /// Tensor&gt;</c>.
    /// </summary>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TBase, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<TBase, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null,
        LoadOptions<T>? load = null, CancellationToken cancellationToken = default)
        where T : class, TBase
        where TBase : class =>
        StartPoolAsync<T, TIn, TOut>(name, model, function, configure, load, cancellationToken);

    /// <summary>
    /// As <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)"/>, for a function that knows the model by a base class, such as <c>Module&lt;Tensor,
    /// Tensor&gt;</c>.
    /// </summary>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings, PoolSettings},
    /// LoadOptions{T}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TBase, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<TBase, TIn, Task<TOut>> function, Func<PoolSettings, PoolSettings>? configure = null,
        LoadOptions<T>? load = null, CancellationToken cancellationToken = default)
        where T : class, TBase
        where TBase : class =>
        StartPoolAsync<T, TIn, TOut>(name, model, function, configure, load, cancellationToken);

    /// <summary>
    /// Starts a pool on a model of the store that any process can build: TorchScript (T is <see cref="Torch.Script.ScriptProgram"/>) or a
    /// model type of the catalog.
    /// </summary>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="function">As in <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings,
    /// PoolSettings}, LoadOptions{T}, CancellationToken)"/>.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="device">Where the instances run; null for the CPU.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>The pool, which is the caller's to dispose, and ends with the host.</returns>
    /// <exception cref="InvalidSettingsException">Its settings, or what changes them, are out of range.</exception>
    /// <exception cref="ArgumentException">The name cannot be one of an actor, or there is a pool of that name.</exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device.</exception>
    /// <exception cref="ModelNotFoundException">The store has no such model.</exception>
    /// <exception cref="RecipeUnavailableException">The model is weights only, or its type is not registered here.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelName model, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null,
        torch.Device? device = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(function);
        return await StartAsync<T, TIn, TOut>(
            name,
            await SourceAsync(model, device, cancellationToken).ConfigureAwait(false),
            function,
            null,
            configure).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, torch.Device,
    /// CancellationToken)"/>, with a function as in <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn,
    /// Task{TOut}}, Func{PoolSettings, PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// torch.Device, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// torch.Device, CancellationToken)" path="/exception"/>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelName model, Func<T, TIn, Task<TOut>> function, Func<PoolSettings, PoolSettings>? configure = null,
        torch.Device? device = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(function);
        return await StartAsync<T, TIn, TOut>(
            name,
            await SourceAsync(model, device, cancellationToken).ConfigureAwait(false),
            null,
            function,
            configure).ConfigureAwait(false);
    }

    /// <summary>As with a wrapper, over instances of somebody else's making, which end with the pool.</summary>
    internal Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, LoadedObjectSource source, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings> configure)
        where T : class =>
        StartAsync(name, source, function, null, configure);

    /// <summary>As with a wrapper, over instances of somebody else's making, which end with the pool.</summary>
    internal Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, LoadedObjectSource source, Func<T, TIn, Task<TOut>> function, Func<PoolSettings, PoolSettings> configure)
        where T : class =>
        StartAsync(name, source, null, function, configure);

    /// <summary>As with a name, for a model that may be put into the store later: the pool loads it then.</summary>
    internal Task<ModelPool<TIn, TOut>> StartPoolLaterAsync<T, TIn, TOut>(
        string name, ModelName model, Func<T, TIn, TOut>? function, Func<T, TIn, Task<TOut>>? asyncFunction,
        Func<PoolSettings, PoolSettings>? configure, torch.Device? device)
        where T : class =>
        StartAsync(
            name,
            new LateSource(model.ToString(), () => Runtime.OpenAny(Store.Resolve(model), device)),
            function,
            asyncFunction,
            configure);

    /// <summary>A pool that was started here.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    /// <exception cref="ArgumentException">It takes or answers something else.</exception>
    public ModelPool<TIn, TOut> Pool<TIn, TOut>(string name) => !_pools.TryGetValue(name, out var pool)
        ? throw new KeyNotFoundException(
            $"There is no pool '{name}'; there are: {string.Join(", ", _pools.Keys.Order(StringComparer.Ordinal))}.")
        : pool.Pool as ModelPool<TIn, TOut> ?? throw new ArgumentException(
            $"Pool '{name}' is a {pool.Pool.GetType()}, not one from {typeof(TIn)} to {typeof(TOut)}.", nameof(name));

    /// <summary>
    /// A pool that was started here, or is started later: a background service that starts before the actors waits for it. Where the
    /// application has <see cref="ZeroCopyHosting.AddZeroCopyHost"/>, the wait is over when all its services have started; elsewhere it
    /// lasts until there is such a pool. A service that waits inside its own start keeps those behind it, and the actors with them, from
    /// starting.
    /// </summary>
    /// <param name="name">The pool's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyNotFoundException">Every service of the application has started, and there is no pool of that name.</exception>
    /// <exception cref="ArgumentException">It takes or answers something else.</exception>
    /// <exception cref="ObjectDisposedException">The host has ended.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ModelPool<TIn, TOut>> PoolAsync<TIn, TOut>(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        cancellationToken.ThrowIfCancellationRequested();
        await _arrivals.WaitAsync(name, _pools.ContainsKey, cancellationToken).ConfigureAwait(false);
        return Pool<TIn, TOut>(name);
    }

    /// <summary>Whatever starts pools with the application has done so.</summary>
    internal void EndStart() => _arrivals.EndStart();

    /// <summary>The first load of a wrapper from elsewhere builds the model.</summary>
    private static Task<IInstanceSource> SourceAsync<T>(ModelWrapper<T> model, LoadOptions<T>? load, CancellationToken cancellationToken)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(model);
        return Abandonable.Run(() => model.Instances(load), source => (source as LoadedObjectSource)?.Dispose(), cancellationToken);
    }

    private Task<IInstanceSource> SourceAsync(ModelName model, torch.Device? device, CancellationToken cancellationToken) =>
        // One that nobody waits for any more stays open for the next.
        Abandonable.Run(() => Runtime.OpenAny(Store.Resolve(model), device), static _ => { }, cancellationToken);

    private async Task<ModelPool<TIn, TOut>> StartAsync<T, TIn, TOut>(
        string name, IInstanceSource source, Func<T, TIn, TOut>? function, Func<T, TIn, Task<TOut>>? asyncFunction,
        Func<PoolSettings, PoolSettings>? configure)
        where T : class
    {
        try
        {
            var (codec, binder) = (new TorchBatchCodec(), TypedBinder.For(typeof(TIn)));
            var actors = await (asyncFunction is null
                ? Actors.CreatePoolAsync(name, source, new ModelFunction(Run), codec, configure, binder)
                : Actors.CreatePoolAsync(name, source, new AsyncModelFunction(RunAsync), codec, configure, binder)).ConfigureAwait(false);
            StartedPool? started = null;
            var pool = new ModelPool<TIn, TOut>(actors, drained: () =>
            {
                _pools.TryRemove(new(name, started!));
                started!.Close();
            });
            started = new StartedPool(pool, source as LoadedObjectSource);
            // The last one of that name is over: its actors stopped, though nobody disposed it.
            _pools.AddOrUpdate(name, started, (_, last) =>
            {
                last.Close();
                return started;
            });
            // First started, then looked, as the host's end first begins and then looks for pools: one of them ends this one.
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _disposed) != 0)
            {
                await pool.DisposeAsync().ConfigureAwait(false);
                ThrowIfDisposed();
            }

            _arrivals.Arrived(name);
            return pool;
        }
        catch
        {
            (source as LoadedObjectSource)?.Dispose();
            throw;
        }

        object? Run(object target, object? argument) => function!(Model(target), (TIn)argument!);

        async Task<object?> RunAsync(object target, object? argument) =>
            await asyncFunction!(Model(target), (TIn)argument!).ConfigureAwait(false);

        T Model(object target) => target as T ?? throw new InferenceException(
            InferenceFailure.LoadFailed, $"{source.Name} is a {target.GetType()}, and the function of pool '{name}' takes a {typeof(T)}.");
    }

    /// <summary>Frees what pools hold that the actor system has drained.</summary>
    private void ClosePools()
    {
        _arrivals.End();
        foreach (var pool in _pools.Values)
        {
            pool.Close();
        }
    }

    /// <summary>A pool and the source that it alone uses.</summary>
    private sealed record StartedPool(IAsyncDisposable Pool, LoadedObjectSource? Source)
    {
        public void Close() => Source?.Dispose();
    }
}
