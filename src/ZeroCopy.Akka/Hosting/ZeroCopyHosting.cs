using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using TorchSharp;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Hosting;

/// <summary>ZeroCopy.Akka in an application that hosts Akka.NET.</summary>
public static class ZeroCopyHosting
{
    /// <summary>
    /// Gives the actor system a host, which <see cref="ZeroCopyHost.For"/> finds: its store is the one that the settings name and that the
    /// store's actor, in the registry as <see cref="ObjectStoreKey"/>, uses too. All of it is opened when the actor system starts; the
    /// store is closed when every actor has stopped. Settings that are wrong, or a store that cannot be opened, keep the system from
    /// starting. Call it before what uses the store at start.
    /// </summary>
    /// <param name="builder">The actor system's builder.</param>
    /// <param name="options">Model types, and a store or tensor runtime other than those of HOCON; null for none.</param>
    /// <exception cref="ArgumentException">The options give an actor system.</exception>
    public static AkkaConfigurationBuilder WithZeroCopyHost(this AkkaConfigurationBuilder builder, ZeroCopyHostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        options ??= new ZeroCopyHostOptions();
        if (options.ActorSystem is not null)
        {
            throw new ArgumentException("The host gets the actor system that is built here: leave ActorSystem out.", nameof(options));
        }

        builder.AddSetup(new HostSetup(options));
        return builder.WithActors((system, registry) => registry.Register<ObjectStoreKey>(ZeroCopyHost.For(system).Actors.ObjectStore));
    }

    /// <summary>
    /// Starts a pool with the actor system, on a model of the store that any process can build, as <see
    /// cref="ZeroCopyHost.StartPoolAsync{T, TIn, TOut}(string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings},
    /// torch.Device, CancellationToken)"/> does. <see cref="ZeroCopyHost.Pool{TIn, TOut}"/> finds it, and a health check
    /// <c>zerocopy-pool-NAME</c> is healthy while an actor of it has its model.
    /// </summary>
    /// <remarks>
    /// A model that the store lacks at start does not keep the system from starting, as another process may put it later: the pool looks
    /// for it again as its settings <c>load</c> say, its health check and its calls (<see cref="InferenceFailure.LoadFailed"/>) name it
    /// meanwhile.
    /// </remarks>
    /// <param name="builder">The actor system's builder, which has a host.</param>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">The model's name; without a version, the newest one at the first load.</param>
    /// <param name="function">What a call runs.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="device">Where the instances run; null for the CPU.</param>
    public static AkkaConfigurationBuilder WithModelPool<T, TIn, TOut>(
        this AkkaConfigurationBuilder builder, string name, ModelName model, Func<T, TIn, TOut> function,
        Func<PoolSettings, PoolSettings>? configure = null, torch.Device? device = null)
        where T : class =>
        builder.WithPool(name, host => host.StartPoolLaterAsync(name, model, function, null, configure, device));

    /// <summary>
    /// As <see cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings,
    /// PoolSettings}, torch.Device)"/>, with a function as in <see cref="ZeroCopyHost.StartPoolAsync{T, TIn, TOut}(string, ModelWrapper{T},
    /// Func{T, TIn, Task{TOut}}, Func{PoolSettings, PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, ModelName, Func{T, TIn, TOut}, Func{PoolSettings,
    /// PoolSettings}, torch.Device)" path="/param"/>
    public static AkkaConfigurationBuilder WithModelPool<T, TIn, TOut>(
        this AkkaConfigurationBuilder builder, string name, ModelName model, Func<T, TIn, Task<TOut>> function,
        Func<PoolSettings, PoolSettings>? configure = null, torch.Device? device = null)
        where T : class =>
        builder.WithPool(name, host => host.StartPoolLaterAsync(name, model, null, function, configure, device));

    /// <summary>
    /// Starts a pool with the actor system, on what a function wraps or reads then, as <see cref="ZeroCopyHost.StartPoolAsync{T, TIn,
    /// TOut}(string, ModelWrapper{T}, Func{T, TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T}, CancellationToken)"/> does.
    /// <see cref="ZeroCopyHost.Pool{TIn, TOut}"/> finds it, and a health check <c>zerocopy-pool-NAME</c> is healthy while an actor of it
    /// has its model. The system does not start where the wrapper cannot be made.
    /// </summary>
    /// <param name="builder">The actor system's builder, which has a host.</param>
    /// <param name="name">The pool's name, which chooses its settings in HOCON: <c>zerocopy.inference.pools.NAME</c>.</param>
    /// <param name="model">Wraps the model on the host that it is given.</param>
    /// <param name="function">What a call runs.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="load">Where the instances run, and how they are built in a process that did not wrap the model.</param>
    public static AkkaConfigurationBuilder WithModelPool<T, TIn, TOut>(
        this AkkaConfigurationBuilder builder, string name, Func<ZeroCopyHost, Task<ModelWrapper<T>>> model, Func<T, TIn, TOut> function,
        Func<PoolSettings, PoolSettings>? configure = null, LoadOptions<T>? load = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(model);
        return builder.WithPool(
            name,
            async host => await host.StartPoolAsync(
                name, await model(host).ConfigureAwait(false), function, configure, load).ConfigureAwait(false));
    }

    /// <summary>
    /// As <see cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T, TIn,
    /// TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"/>, with a function as in <see cref="ZeroCopyHost.StartPoolAsync{T, TIn,
    /// TOut}(string, ModelWrapper{T}, Func{T, TIn, Task{TOut}}, Func{PoolSettings, PoolSettings}, LoadOptions{T}, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T,
    /// TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})" path="/param"/>
    public static AkkaConfigurationBuilder WithModelPool<T, TIn, TOut>(
        this AkkaConfigurationBuilder builder,
        string name,
        Func<ZeroCopyHost, Task<ModelWrapper<T>>> model,
        Func<T, TIn, Task<TOut>> function,
        Func<PoolSettings, PoolSettings>? configure = null, LoadOptions<T>? load = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(model);
        return builder.WithPool(
            name,
            async host => await host.StartPoolAsync(
                name, await model(host).ConfigureAwait(false), function, configure, load).ConfigureAwait(false));
    }

    /// <summary>
    /// As <see cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T, TIn,
    /// TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"/>, for a function that knows the model by a base class, such as
    /// <c>Module&lt;Tensor, Tensor&gt;</c>.
    /// </summary>
    /// <inheritdoc cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T,
    /// TIn, TOut}, Func{PoolSettings, PoolSettings}, LoadOptions{T})" path="/param"/>
    [OverloadResolutionPriority(-1)]
    public static AkkaConfigurationBuilder WithModelPool<T, TBase, TIn, TOut>(
        this AkkaConfigurationBuilder builder,
        string name,
        Func<ZeroCopyHost, Task<ModelWrapper<T>>> model,
        Func<TBase, TIn, TOut> function,
        Func<PoolSettings, PoolSettings>? configure = null, LoadOptions<T>? load = null)
        where T : class, TBase
        where TBase : class =>
        builder.WithModelPool<T, TIn, TOut>(name, model, function, configure, load);

    /// <summary>
    /// As <see cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T, TIn,
    /// Task{TOut}}, Func{PoolSettings, PoolSettings}, LoadOptions{T})"/>, for a function that knows the model by a base class, such as
    /// <c>Module&lt;Tensor, Tensor&gt;</c>.
    /// </summary>
    /// <inheritdoc cref="WithModelPool{T, TIn, TOut}(AkkaConfigurationBuilder, string, Func{ZeroCopyHost, Task{ModelWrapper{T}}}, Func{T,
    /// TIn, Task{TOut}}, Func{PoolSettings, PoolSettings}, LoadOptions{T})" path="/param"/>
    [OverloadResolutionPriority(-1)]
    public static AkkaConfigurationBuilder WithModelPool<T, TBase, TIn, TOut>(
        this AkkaConfigurationBuilder builder,
        string name,
        Func<ZeroCopyHost, Task<ModelWrapper<T>>> model,
        Func<TBase, TIn, Task<TOut>> function,
        Func<PoolSettings, PoolSettings>? configure = null, LoadOptions<T>? load = null)
        where T : class, TBase
        where TBase : class =>
        builder.WithModelPool<T, TIn, TOut>(name, model, function, configure, load);

    /// <summary>
    /// Lets the container give out the host of its actor system, see <see cref="WithZeroCopyHost"/>, the host's endpoints and the node's
    /// status. It ends with the actor system. A service that starts before the actors gets it too, and waits
    /// for a pool by <see cref="ZeroCopyHost.PoolAsync{TIn, TOut}"/>.
    /// </summary>
    public static IServiceCollection AddZeroCopyHost(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(provider => ZeroCopyHost.For(provider.GetRequiredService<ActorSystem>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<ZeroCopyHost>().Endpoints);
        services.TryAddSingleton(provider => ZeroCopySystem.For(provider.GetRequiredService<ActorSystem>()).Status);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StartObserver>());
        return services;
    }

    private static AkkaConfigurationBuilder WithPool(this AkkaConfigurationBuilder builder, string name, Func<ZeroCopyHost, Task> start)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return builder
            .AddStartup((system, _) => start(ZeroCopyHost.For(system)))
            .WithHealthCheck(
                $"zerocopy-pool-{name}",
                (system, _, _) => Task.FromResult(PoolHealth.Check(system, name)),
                HealthStatus.Unhealthy,
                ["zerocopy", "ready"]);
    }
}
