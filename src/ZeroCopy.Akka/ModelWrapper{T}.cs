using System.Runtime.CompilerServices;
using Akka;
using Akka.Actor;
using Akka.Streams.Dsl;
using TorchSharp;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Instances;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using ZeroCopy.Wrapping;

namespace ZeroCopy;

/// <summary>A wrapper that knows what it holds.</summary>
/// <typeparam name="T">The module's or pipeline's type.</typeparam>
public sealed class ModelWrapper<T> : ModelWrapper
    where T : class
{
    internal ModelWrapper(WrapperDocument document, ZeroCopyHost host)
        : base(document, host)
    {
    }

    /// <summary>
    /// The object, for the caller alone. In actor mode its modules run in this process, in eval mode, around the shared weights. In task
    /// mode each call of a wrapped module runs as a task. The caller ends it with <see cref="ModelWrapper.Release"/>.
    /// </summary>
    /// <remarks>
    /// A script that T declares with one of TorchSharp's classes for scripts is one again. In task mode its own <c>call</c> runs in this
    /// process, on the shared
    /// weights, and <see cref="TaskCallExtensions"/> has the tasks; declared as <c>IModule&lt;...&gt;</c>, each call is a task.
    /// </remarks>
    /// <exception cref="ModelNotFoundException">The store holds the model no more.</exception>
    /// <exception cref="RecipeUnavailableException">
    /// This process did not wrap the model and cannot build a T; the message says what to do.
    /// </exception>
    /// <exception cref="BindingException">The tensors do not fit what this process builds.</exception>
    /// <exception cref="DeviceUnavailableException">This process has no such device, or a script of the model cannot run on it.</exception>
    /// <exception cref="ArgumentException">In task mode: a member is declared with a class that no shim can stand in for.</exception>
    public T Load(LoadOptions<T>? options = null)
    {
        var template = Template(options);
        var loaded = Checked(Mode == WrapMode.Actor
            ? template.Load(module => Materialise(module, options?.Device))
            : template.LoadShims(
                typeof(T),
                MethodNames,
                module => Host.CallsTo(SharedModules.Open(Host.Runtime, module.Entry)),
                module => Materialise(module, null)));
        try
        {
            template.Lease(loaded, () => Lease(options?.Holder));
            return (T)loaded.Root;
        }
        catch
        {
            LoadedObject.Release(loaded.Root);
            throw;
        }
    }

    /// <summary>As <see cref="Load"/>, off the calling thread. What is loaded when the token has fired is released.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<T> LoadAsync(LoadOptions<T>? options = null, CancellationToken cancellationToken = default) =>
        Abandonable.Run(() => Load(options), Release, cancellationToken);

    /// <summary>
    /// Runs a function on a data set in batches, through a pool of actors that is made for it, and returns the answers in the order of the
    /// rows. The function is what <c>StartPoolAsync</c> of <see cref="ZeroCopyHost"/> takes too, so that one function serves data sets and
    /// long-running actors.
    /// </summary>
    /// <remarks>
    /// Rows are read as answers are taken: no more than <see cref="MapOptions.Prefetch"/> batches are in flight. An enumeration that ends
    /// early gives them up.
    /// </remarks>
    /// <param name="rows">The data set.</param>
    /// <param name="function">Runs the model on a batch; it may answer with more or fewer elements than the batch has rows.</param>
    /// <param name="options">Size of the batches, number of actors, prefetch, progress.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    /// <exception cref="DeviceUnavailableException">
    /// This process has no such device, or a script of the model cannot run on it; thrown at once.
    /// </exception>
    /// <exception cref="InferenceException">
    /// A batch failed, and <see cref="MapBatchesOptions.OnFailedRow"/> skips no such failure: the failure says why, the message which rows.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IAsyncEnumerable<TOut> MapBatchesAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> rows, Func<T, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function, MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(function);
        options = Checked(options);
        return PoolMap.RowsAsync(
            rows,
            settings => Host.StartPoolAsync(
                PoolMap.NewName(), this, function, settings, new() { Device = options.Device }, cancellationToken),
            options,
            cancellationToken);
    }

    /// <summary>
    /// As with a function that does not await; what holds of asynchronous functions is said at
    /// <see cref="ZeroCopyHost.StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings,
    /// PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="MapBatchesAsync{TIn, TOut}(IAsyncEnumerable{TIn}, Func{T, IReadOnlyList{TIn}, IReadOnlyList{TOut}},
    /// MapBatchesOptions, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="MapBatchesAsync{TIn, TOut}(IAsyncEnumerable{TIn}, Func{T, IReadOnlyList{TIn}, IReadOnlyList{TOut}},
    /// MapBatchesOptions, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public IAsyncEnumerable<TOut> MapBatchesAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> rows, Func<T, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function, MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(function);
        options = Checked(options);
        return PoolMap.RowsAsync(
            rows,
            settings => Host.StartPoolAsync(
                PoolMap.NewName(), this, function, settings, new() { Device = options.Device }, cancellationToken),
            options,
            cancellationToken);
    }

    /// <inheritdoc cref="MapBatchesAsync{TIn, TOut}(IAsyncEnumerable{TIn}, Func{T, IReadOnlyList{TIn}, IReadOnlyList{TOut}},
    /// MapBatchesOptions, CancellationToken)"/>
    public IAsyncEnumerable<TOut> MapBatchesAsync<TIn, TOut>(
        IEnumerable<TIn> rows, Func<T, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function, MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return MapBatchesAsync(rows.ToAsyncEnumerable(), function, options, cancellationToken);
    }

    /// <inheritdoc cref="MapBatchesAsync{TIn, TOut}(IAsyncEnumerable{TIn}, Func{T, IReadOnlyList{TIn}, Task{IReadOnlyList{TOut}}},
    /// MapBatchesOptions,
    /// CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public IAsyncEnumerable<TOut> MapBatchesAsync<TIn, TOut>(
        IEnumerable<TIn> rows, Func<T, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function, MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return MapBatchesAsync(rows.ToAsyncEnumerable(), function, options, cancellationToken);
    }

    /// <summary>
    /// As with a function on the model, through objects of a class of your own: each actor has one, which <paramref name="create"/> makes
    /// once of this wrapper, so that it can load the model and keep what its calls need. One that is <see cref="IDisposable"/> is disposed
    /// at its end; it releases what it has loaded (<see cref="ModelWrapper.Release(object)"/>).
    /// </summary>
    /// <param name="rows">The data set.</param>
    /// <param name="create">Makes the object of an actor; it may take its time, and runs off the actors' threads.</param>
    /// <param name="function">Runs the object on a batch; it may answer with more or fewer elements than the batch has rows.</param>
    /// <param name="options">Size of the batches, number of actors, order, attempts, prefetch, progress.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    /// <exception cref="InferenceException">
    /// A batch failed, and <see cref="MapBatchesOptions.OnFailedRow"/> skips no such failure: the failure says why, the message which rows.
    /// Where an object cannot be made it is <see cref="InferenceFailure.LoadFailed"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IAsyncEnumerable<TOut> MapBatchesAsync<TMapper, TIn, TOut>(
        IAsyncEnumerable<TIn> rows,
        Func<ModelWrapper<T>, TMapper> create,
        Func<TMapper, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function,
        MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(function);
        return PoolMap.RowsAsync(
            rows,
            settings => Host.StartPoolAsync(PoolMap.NewName(), Objects(create), function, settings),
            Checked(options),
            cancellationToken);
    }

    /// <inheritdoc cref="MapBatchesAsync{TMapper, TIn, TOut}(IAsyncEnumerable{TIn}, Func{ModelWrapper{T}, TMapper}, Func{TMapper,
    /// IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions, CancellationToken)"/>
    public IAsyncEnumerable<TOut> MapBatchesAsync<TMapper, TIn, TOut>(
        IEnumerable<TIn> rows,
        Func<ModelWrapper<T>, TMapper> create,
        Func<TMapper, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function,
        MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(rows);
        return MapBatchesAsync(rows.ToAsyncEnumerable(), create, function, options, cancellationToken);
    }

    /// <summary>
    /// As with a function that does not await, through objects of a class of your own; what holds of asynchronous functions is said at
    /// <see cref="ZeroCopyHost.StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings,
    /// PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="MapBatchesAsync{TMapper, TIn, TOut}(IAsyncEnumerable{TIn}, Func{ModelWrapper{T}, TMapper}, Func{TMapper,
    /// IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="MapBatchesAsync{TMapper, TIn, TOut}(IAsyncEnumerable{TIn}, Func{ModelWrapper{T}, TMapper}, Func{TMapper,
    /// IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public IAsyncEnumerable<TOut> MapBatchesAsync<TMapper, TIn, TOut>(
        IAsyncEnumerable<TIn> rows,
        Func<ModelWrapper<T>, TMapper> create,
        Func<TMapper, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function,
        MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(function);
        return PoolMap.RowsAsync(
            rows,
            settings => Host.StartPoolAsync(PoolMap.NewName(), Objects(create), function, settings),
            Checked(options),
            cancellationToken);
    }

    /// <inheritdoc cref="MapBatchesAsync{TMapper, TIn, TOut}(IAsyncEnumerable{TIn}, Func{ModelWrapper{T}, TMapper}, Func{TMapper,
    /// IReadOnlyList{TIn}, Task{IReadOnlyList{TOut}}}, MapBatchesOptions, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public IAsyncEnumerable<TOut> MapBatchesAsync<TMapper, TIn, TOut>(
        IEnumerable<TIn> rows,
        Func<ModelWrapper<T>, TMapper> create,
        Func<TMapper, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function,
        MapBatchesOptions? options = null,
        CancellationToken cancellationToken = default)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(rows);
        return MapBatchesAsync(rows.ToAsyncEnumerable(), create, function, options, cancellationToken);
    }

    /// <summary>
    /// A stage of an Akka stream that maps rows in batches as <see cref="MapBatchesAsync{TIn, TOut}(IAsyncEnumerable{TIn}, Func{T,
    /// IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions, CancellationToken)"/> does. Each materialisation has a pool of its own,
    /// from its first row to its end. The stream fails as the map does.
    /// </summary>
    /// <param name="function">Runs the model on a batch; it may answer with more or fewer elements than the batch has rows.</param>
    /// <param name="options">Size of the batches, number of actors, order, attempts, prefetch, progress.</param>
    /// <exception cref="DeviceUnavailableException">
    /// This process has no such device, or a script of the model cannot run on it; thrown at once.
    /// </exception>
    public Flow<TIn, TOut, NotUsed> MapBatchesFlow<TIn, TOut>(
        Func<T, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function, MapBatchesOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        options = Checked(options);
        return PoolMap.ToFlow<TIn, TOut>(
            settings => Host.StartPoolAsync(PoolMap.NewName(), this, function, settings, new() { Device = options.Device }), options);
    }

    /// <summary>
    /// As with a function that does not await; what holds of asynchronous functions is said at
    /// <see cref="ZeroCopyHost.StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings,
    /// PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="MapBatchesFlow{TIn, TOut}(Func{T, IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions)" path="/param"/>
    /// <inheritdoc cref="MapBatchesFlow{TIn, TOut}(Func{T, IReadOnlyList{TIn}, IReadOnlyList{TOut}}, MapBatchesOptions)"
    /// path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public Flow<TIn, TOut, NotUsed> MapBatchesFlow<TIn, TOut>(
        Func<T, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function, MapBatchesOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        options = Checked(options);
        return PoolMap.ToFlow<TIn, TOut>(
            settings => Host.StartPoolAsync(PoolMap.NewName(), this, function, settings, new() { Device = options.Device }), options);
    }

    /// <summary>
    /// As with a function on the model, through objects of a class of your own, as <see cref="MapBatchesAsync{TMapper, TIn,
    /// TOut}(IAsyncEnumerable{TIn}, Func{ModelWrapper{T}, TMapper}, Func{TMapper, IReadOnlyList{TIn}, IReadOnlyList{TOut}},
    /// MapBatchesOptions, CancellationToken)"/> has them.
    /// </summary>
    /// <param name="create">Makes the object of an actor; it may take its time, and runs off the actors' threads.</param>
    /// <param name="function">Runs the object on a batch; it may answer with more or fewer elements than the batch has rows.</param>
    /// <param name="options">Size of the batches, number of actors, order, attempts, prefetch, progress.</param>
    public Flow<TIn, TOut, NotUsed> MapBatchesFlow<TMapper, TIn, TOut>(
        Func<ModelWrapper<T>, TMapper> create, Func<TMapper, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function,
        MapBatchesOptions? options = null)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(function);
        return PoolMap.ToFlow<TIn, TOut>(
            settings => Host.StartPoolAsync(PoolMap.NewName(), Objects(create), function, settings), Checked(options));
    }

    /// <inheritdoc cref="MapBatchesFlow{TMapper, TIn, TOut}(Func{ModelWrapper{T}, TMapper}, Func{TMapper, IReadOnlyList{TIn},
    /// IReadOnlyList{TOut}}, MapBatchesOptions)"/>
    [OverloadResolutionPriority(-1)]
    public Flow<TIn, TOut, NotUsed> MapBatchesFlow<TMapper, TIn, TOut>(
        Func<ModelWrapper<T>, TMapper> create, Func<TMapper, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> function,
        MapBatchesOptions? options = null)
        where TMapper : class
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(function);
        return PoolMap.ToFlow<TIn, TOut>(
            settings => Host.StartPoolAsync(PoolMap.NewName(), Objects(create), function, settings), Checked(options));
    }

    private LoadedObjectSource Objects<TMapper>(Func<ModelWrapper<T>, TMapper> create)
        where TMapper : class => new(
        typeof(TMapper).Name,
        Host.Store,
        Models,
        () => create(this),
        static mapper => (mapper as IDisposable)?.Dispose());

    /// <summary>Where a pool leases objects that run in this process, whatever the wrapper's mode.</summary>
    internal IInstanceSource Instances(LoadOptions<T>? options)
    {
        // A pool loads in the background, where nobody could tell its starter.
        RequireDevice(options?.Device);
        var template = Template(options);
        // A standalone module shares its prototype with tasks.
        return template.Modules is [{ Entry: { Script: false, Paths: [""] } } module]
            ? Host.Runtime.Open(module.Entry.Handle, Options(module, options?.Device))
            : new LoadedObjectSource(
                Document.TypeName,
                Host.Store,
                Models,
                () => Checked(template.Load(module => Materialise(module, options?.Device))));
    }

    /// <summary>
    /// A lease on what is loaded: of the actor that it is loaded for, of those who run tasks on it, else of the object itself.
    /// </summary>
    private IDisposable Lease(IActorRef? holder)
    {
        var name = $"{(Mode == WrapMode.Task ? "tasks of" : "loaded")} {Document.TypeName}"
            + (holder is null ? "" : $" for {holder.Path.ToStringWithoutAddress()}");
        var lease = ModelLeases.Acquire(Host.Store, Models, name);
        return holder is not null ? Host.Actors.Hold(holder, lease) : Mode == WrapMode.Task ? Host.Actors.HoldForTasks(lease) : lease;
    }

    private MapBatchesOptions Checked(MapBatchesOptions? options)
    {
        options ??= new MapBatchesOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Actors, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Attempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Prefetch ?? 1, 1);
        RequireDevice(options.Device);
        return options;
    }

    private void RequireDevice(torch.Device? device)
    {
        foreach (var module in Document.Modules)
        {
            Host.Runtime.RequireDevice(module.Handle, device);
        }
    }

    private static OpenOptions<torch.nn.Module> Options(TemplateModule module, torch.Device? device) =>
        new() { Device = device, Factory = module.Factory };

    private LoadedObject Checked(LoadedObject loaded)
    {
        if (loaded.Root is T)
        {
            loaded.Origin = this;
            return loaded;
        }

        LoadedObject.Release(loaded.Root);
        throw new ArgumentException($"The wrapper holds a {loaded.Root.GetType()} (wrapped as {Document.TypeName}), not a {typeof(T)}.");
    }

    private PipelineTemplate Template(LoadOptions<T>? options) => Host.Templates.Get(Document.Template, typeof(T), () => Build(options));

    private torch.nn.Module Materialise(TemplateModule module, torch.Device? device) =>
        SharedModules.Materialise(
            Host.Runtime, module.Entry, Options(module, device), module.Type,
            Document.Modules is [{ Paths: [""] }] ? [("", typeof(T))] : module.Places, MethodNames);

    private PipelineTemplate Build(LoadOptions<T>? options)
    {
        if (Document.Modules is [{ Paths: [""] }])
        {
            var given = options is { Factory: not null } or { ModuleFactory: not null };
            var build = !given && Host.Runtime.KnowsRecipe(Document.Modules[0].Handle)
                ? null
                : ReceiverFactory.ForModuleOrNull(options?.ModuleFactory, options?.Factory);
            return TemplateBuilder.Standalone(
                Host.Runtime, build is null ? null : context => (torch.nn.Module)(object)build(context), typeof(T), Document);
        }

        var factory = ReceiverFactory.OrNull(options?.Factory) ?? throw new RecipeUnavailableException(
            $"{typeof(T)} cannot be built here: give LoadOptions.Factory, or give the type a public constructor without parameters.");
        return TemplateBuilder.Around(Host.Runtime, factory, typeof(T), Document);
    }
}
