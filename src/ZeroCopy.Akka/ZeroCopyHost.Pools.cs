using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Hosting;
using ZeroCopy.Manifests;
using ZeroCopy.Pools;
using ZeroCopy.Remoting;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Batching;

namespace ZeroCopy;

public sealed partial class ZeroCopyHost
{
    private readonly ConcurrentDictionary<string, StartedPool> _pools = new(StringComparer.Ordinal);

    private readonly PoolArrivals _arrivals = new();

    /// <summary>
    /// Starts a pool of actors that run a function on a model or pipeline, each on an instance of its own. The actors load in the background; calls may be
    /// made at once.
    /// </summary>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model, in either mode.</param>
    /// <param name="function">
    /// What a call runs, without gradients. Tensors that it makes on the way are disposed; those in its answer are the caller's own, also
    /// where it hands through its input or a weight of the model. Where the settings join requests to batches, it gets the joined input.
    /// </param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="load">Where the instances run, and how they are built in a process that did not wrap the model.</param>
    /// <exception cref="ArgumentException">There is a pool of that name.</exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device, or a script of the model cannot run on it.</exception>
    /// <exception cref="RecipeUnavailableException">This process did not wrap the model and cannot build a T.</exception>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null, LoadOptions<T>? load = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(model);
        // The first load of a wrapper from elsewhere builds the model.
        var source = await Task.Run(() => model.Instances(load)).ConfigureAwait(false);
        return await StartAsync(name, source, function, configure).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"/>, for a
    /// function that knows the model by a base class, such as <c>Module&lt;Tensor, Tensor&gt;</c>.
    /// </summary>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"
    /// path="/param"/>
    /// <inheritdoc cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"
    /// path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TBase, TIn, TOut>(
        string name, ModelWrapper<T> model, Func<TBase, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null,
        LoadOptions<T>? load = null)
        where T : class, TBase
        where TBase : class =>
        StartPoolAsync<T, TIn, TOut>(name, model, function, configure, load);

    /// <summary>
    /// Starts a pool on a model of the store that any process can build: TorchScript (T is <see cref="Torch.Script.ScriptProgram"/>) or a model type of the
    /// catalog.
    /// </summary>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="function">As in <see cref="StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"/>.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="device">Where the instances run; null for the CPU.</param>
    /// <exception cref="ArgumentException">There is a pool of that name.</exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device.</exception>
    /// <exception cref="ModelNotFoundException">The store has no such model.</exception>
    /// <exception cref="RecipeUnavailableException">The model is weights only, or its type is not registered here.</exception>
    public async Task<ModelPool<TIn, TOut>> StartPoolAsync<T, TIn, TOut>(
        string name, ModelName model, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure = null, torch.Device? device = null)
        where T : class
    {
        var source = await Task.Run(() => Runtime.OpenAny(Store.Resolve(model), device)).ConfigureAwait(false);
        return await StartAsync(name, source, function, configure).ConfigureAwait(false);
    }

    /// <summary>As with a name, for a model that may be put into the store later: the pool loads it then.</summary>
    internal Task<ModelPool<TIn, TOut>> StartPoolLaterAsync<T, TIn, TOut>(
        string name, ModelName model, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure, torch.Device? device)
        where T : class =>
        StartAsync(name, new NamedModelSource(Runtime, model, device), function, configure);

    /// <summary>A pool that was started here.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    /// <exception cref="ArgumentException">It takes or answers something else.</exception>
    public ModelPool<TIn, TOut> Pool<TIn, TOut>(string name) => !_pools.TryGetValue(name, out var pool)
        ? throw new KeyNotFoundException($"There is no pool '{name}'; there are: {string.Join(", ", _pools.Keys.Order(StringComparer.Ordinal))}.")
        : pool.Pool as ModelPool<TIn, TOut> ?? throw new ArgumentException(
            $"Pool '{name}' is a {pool.Pool.GetType()}, not one from {typeof(TIn)} to {typeof(TOut)}.", nameof(name));

    /// <summary>
    /// A pool that was started here, or is started later: a background service that starts before the actors waits for it. Where the application has
    /// <see cref="ZeroCopyHosting.AddZeroCopyHost"/>, the wait is over when all its services have started; elsewhere it lasts until there is such a pool. A service that
    /// waits inside its own start keeps those behind it, and the actors with them, from starting.
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

    private async Task<ModelPool<TIn, TOut>> StartAsync<T, TIn, TOut>(
        string name, IInstanceSource source, Func<T, TIn, TOut> function, Func<PoolSettings, PoolSettings>? configure)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(function);
        try
        {
            var actors = await Actors.CreatePoolAsync(
                name, source, Run, new TorchBatchCodec(), configure, TorchRemoteCodec.For(typeof(TIn))).ConfigureAwait(false);
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

        object? Run(object target, object? argument)
        {
            var model = target as T ?? throw new InferenceException(
                InferenceFailure.LoadFailed, $"{source.Name} is a {target.GetType()}, and the function of pool '{name}' takes a {typeof(T)}.");
            return function(model, (TIn)argument!);
        }
    }

    /// <summary>Frees what pools keep warm that the actor system has drained.</summary>
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
