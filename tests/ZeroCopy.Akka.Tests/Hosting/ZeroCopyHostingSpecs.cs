using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using TorchSharp;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Hosting;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Store;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Hosting;

public sealed class ZeroCopyHostingSpecs : HostingSpec
{
    [Fact]
    public async Task Host_should_share_the_store_of_the_settings_with_the_actors()
    {
        var (application, host) = await StartAsync(akka => akka.WithZeroCopyHost());
        var system = application.Services.GetRequiredService<ActorSystem>();
        using var model = new Encoder();
        await PutAsync(host.Runtime, model, "mine");

        var actor = await application.Services.GetRequiredService<IRequiredActor<ObjectStoreKey>>().GetAsync();
        var listed = Assert.IsType<StoreReply.Listed>(await actor.Ask<StoreReply>(StoreRequest.List.Instance, Patience));

        Assert.Same(host, ZeroCopyHost.For(system));
        Assert.Same(system, host.ActorSystem);
        Assert.Same(host.Endpoints, application.Services.GetRequiredService<IEndpointDirectory>());
        Assert.Same(host.Store, ZeroCopySystem.For(system).OpenStore());
        Assert.Equal(StoreDirectory, host.Store.Options.Directory);
        Assert.Equal("mine@1", Assert.Single(Assert.Single(listed.Models).Names).ToString());
    }

    [Fact]
    public async Task Host_should_take_store_catalog_and_isolation_of_its_options()
    {
        var store = new ObjectStoreOptions { Directory = StoreDirectory + "-given", CapacityBytes = 64 << 20 };
        var application = Application(akka => akka.WithZeroCopyHost(
            new ZeroCopyHostOptions { Store = store, Catalog = Catalog, Torch = new() { MaxIdleInstances = 3 } }));

        // Before the start, which opens the host too.
        var host = application.Services.GetRequiredService<ZeroCopyHost>();
        await application.StartAsync().WaitAsync(Patience);

        Assert.Same(host, ZeroCopyHost.For(application.Services.GetRequiredService<ActorSystem>()));
        Assert.Equal(store, host.Store.Options);
        Assert.Same(Catalog, host.Runtime.Catalog);
        Assert.Equal(3, host.Runtime.Options.MaxIdleInstances);
        await using var second = new ServiceCollection()
            .AddAkka("second", akka => akka.WithZeroCopyHost(new() { ActorSystem = host.ActorSystem })).BuildServiceProvider();
        Assert.Throws<ArgumentException>(() => second.GetRequiredService<ActorSystem>());
    }

    [Fact]
    public async Task Host_should_close_with_its_actor_system_and_leave_the_models()
    {
        using var model = new Encoder();
        var (application, host) = await StartAsync(akka => akka
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = Catalog })
            .WithModelPool(
                "pipelines", wrapping => ModelWrapper.FromModelAsync(new Pair(model), host: wrapping, name: new ModelName("pair")),
                (Pair pair, Tensor input) => pair.Encoder.call(input), settings => settings with { Size = 2 }));
        (await host.Pool<Tensor, Tensor>("pipelines").AskAsync(Input).WaitAsync(Patience)).Dispose();

        await application.StopAsync().WaitAsync(Patience);

        Assert.Throws<ObjectDisposedException>(() => host.Store.List());
        Assert.Throws<ObjectDisposedException>(() => host.ActorSystem);
        Assert.Throws<StoreUnavailableException>(() => ZeroCopyHost.For(application.Services.GetRequiredService<ActorSystem>()));
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = StoreDirectory });
        Assert.Equal(0, Assert.Single(store.List()).Leases);
        // Needs the segments' exclusive locks: nobody maps them.
        store.Remove(Assert.Single(store.List()).Id);
    }

    [Fact]
    public async Task Host_should_outlive_the_calls_that_a_shutdown_drains()
    {
        using var model = new Encoder();
        using var expected = Call(model);
        var (entered, leave) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        ZeroCopyHost? used = null;
        var (application, host) = await StartAsync(akka => akka
            .WithZeroCopyHost()
            .WithModelPool("slow", wrapping => ModelWrapper.FromModelAsync(model, host: wrapping), (Encoder encoder, Tensor input) =>
            {
                entered.Release();
                Assert.True(leave.Wait(Patience));
                Assert.NotEmpty(used!.Store.List());
                return encoder.call(input);
            }, settings => settings with { Size = 1 }));
        used = host;
        var pool = host.Pool<Tensor, Tensor>("slow");
        var running = pool.AskAsync(Input);
        var queued = pool.AskAsync(Input);
        Assert.True(await entered.WaitAsync(Patience));

        application.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var stopped = application.StopAsync();
        Assert.True(SpinWait.SpinUntil(() => !pool.Actors.IsReady, Patience));
        var late = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(Input).WaitAsync(Patience));
        leave.Release(2);
        var answers = await Task.WhenAll(running, queued).WaitAsync(Patience);
        await stopped.WaitAsync(Patience);

        Assert.Equal(InferenceFailure.ShuttingDown, late.Failure);
        foreach (var answer in answers)
        {
            Assert.True(allclose(expected, answer));
            answer.Dispose();
        }

        Assert.Throws<ObjectDisposedException>(() => host.Store.List());
    }

    [Fact]
    public async Task Host_should_end_with_its_container_when_the_application_never_started()
    {
        var application = Application(akka => akka.WithZeroCopyHost());
        var host = application.Services.GetRequiredService<ZeroCopyHost>();
        using var model = new Encoder();
        var pool = await host.StartPoolAsync(
            "early", await ModelWrapper.FromModelAsync(model, host: host), (Encoder encoder, Tensor input) => encoder.call(input));

        var terminated = host.ActorSystem.WhenTerminated;
        await ((IAsyncDisposable)application).DisposeAsync();

        await terminated.WaitAsync(Patience);
        await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(Input).WaitAsync(Patience));
        Assert.Throws<ObjectDisposedException>(() => host.Store.List());
    }

    [Fact]
    public async Task Application_should_not_start_with_wrong_settings_and_name_them_all()
    {
        var application = Application(akka => akka
            .AddHocon("""
                zerocopy.inference.instances.isolation = total
                zerocopy.inference.pools.digits { sise = 4, deadline = soon }
                zerocopy.object-stor.capacity = 8g
                """, HoconAddMode.Prepend)
            .WithZeroCopyHost());

        var error = await Assert.ThrowsAsync<InvalidSettingsException>(() => application.StartAsync().WaitAsync(Patience));

        Assert.Equal(4, error.Problems.Length);
        Assert.Contains("zerocopy.object-stor is no setting: zerocopy.object-store is probably meant", error.Problems);
        Assert.Contains(
            "zerocopy.inference.pools.digits.sise is no setting: zerocopy.inference.pools.digits.size is probably meant", error.Problems);
        Assert.Contains("zerocopy.inference.instances.isolation is 'total' but must be one of none, buffers, mappings", error.Problems);
        Assert.False(Directory.Exists(StoreDirectory));
    }

    [Fact]
    public async Task Application_should_not_start_without_its_store()
    {
        File.WriteAllText(StoreDirectory, "in the way");
        var application = Application(akka => akka.WithZeroCopyHost());

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => application.StartAsync().WaitAsync(Patience));

        Assert.Contains(StoreDirectory, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Application_should_not_start_when_a_pools_model_cannot_be_wrapped_and_close_its_store()
    {
        ZeroCopyHost? host = null;
        var application = Application(akka => akka.WithZeroCopyHost().WithModelPool(
            "broken", wrapping =>
            {
                host = wrapping;
                return ModelWrapper.FromModelAsync(new Encoder(), modelAttributeNames: ["nobody"], host: wrapping);
            }, (Encoder encoder, Tensor input) => encoder.call(input)));

        var error = await Assert.ThrowsAsync<ArgumentException>(() => application.StartAsync().WaitAsync(Patience));
        await application.StopAsync().WaitAsync(Patience);

        Assert.Contains("nobody", error.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => host!.Store.List());
    }

    [Fact]
    public async Task Pool_should_answer_and_report_its_health_from_the_start()
    {
        using var model = new Encoder();
        using var expected = Call(model);
        var (application, host) = await StartAsync(akka => akka
            .AddHocon("zerocopy.inference.pools.encoder { size = 2, queue-capacity = 7 }", HoconAddMode.Prepend)
            .WithZeroCopyHost()
            .WithModelPool(
                "encoder",
                wrapping => ModelWrapper.FromModelAsync(model, host: wrapping),
                (Encoder encoder, Tensor input) => encoder.call(input)));
        var pool = host.Pool<Tensor, Tensor>("encoder");

        using var answer = await pool.AskAsync(Input).WaitAsync(Patience);
        var health = await HealthAsync(application, "encoder");

        Assert.True(allclose(expected, answer));
        Assert.Equal((2, 7), (pool.Actors.Settings.Size, pool.Actors.Settings.QueueCapacity));
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Superset(new HashSet<string> { "zerocopy", "ready" }, health.Tags.ToHashSet());
        await pool.DisposeAsync();
        var ended = await HealthAsync(application, "encoder");
        Assert.Equal((HealthStatus.Unhealthy, "Pool encoder is not started."), (ended.Status, ended.Description));
    }

    [Fact]
    public async Task Pool_should_serve_a_model_that_the_store_holds()
    {
        using var model = new Encoder();
        using var expected = Call(model);
        var store = new ObjectStoreOptions { Directory = StoreDirectory };
        await using (var other = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = store }))
        {
            await PutAsync(other.Runtime, model, "kept");
        }

        var (_, host) = await StartAsync(akka => akka
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = Catalog })
            .WithModelPool("encoder", new ModelName("kept"), (Encoder encoder, Tensor input) => encoder.call(input)));
        using var answer = await host.Pool<Tensor, Tensor>("encoder").AskAsync(Input).WaitAsync(Patience);

        Assert.True(allclose(expected, answer));
    }

    [Fact]
    public async Task Pool_should_run_a_model_by_its_name_where_it_is_told()
    {
        using var model = new Encoder();
        var (_, host) = await StartAsync(akka => akka
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = Catalog })
            .WithModelPool(
                "encoder", new ModelName("encoder"), (Encoder encoder, int _) => encoder.parameters().First().device_type, device: META));
        await PutAsync(host.Runtime, model, "encoder");

        Assert.Equal(DeviceType.META, await host.Pool<int, DeviceType>("encoder").AskAsync(0).WaitAsync(Patience));
    }

    [Fact]
    public async Task Pool_should_start_without_its_model_and_load_it_when_it_is_put()
    {
        using var model = new Encoder();
        using var expected = Call(model);
        var (application, host) = await StartAsync(akka => akka
            .AddHocon(
                "zerocopy.inference.pools.late { size = 2, load { attempts = 2, min-backoff = 1ms, max-backoff = 5ms } }",
                HoconAddMode.Prepend)
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = Catalog })
            .WithModelPool("late", new ModelName("later"), (Encoder encoder, Tensor input) => encoder.call(input)));
        var pool = host.Pool<Tensor, Tensor>("late");

        var refused = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(Input).WaitAsync(Patience));
        var before = await HealthAsync(application, "late");
        await PutAsync(host.Runtime, model, "later");
        await pool.WhenReadyAsync().WaitAsync(Patience);
        using var answer = await pool.AskAsync(Input).WaitAsync(Patience);

        Assert.Equal(InferenceFailure.LoadFailed, refused.Failure);
        Assert.Contains("no model named later", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Unhealthy, before.Status);
        Assert.Contains("no model named later", before.Description, StringComparison.Ordinal);
        Assert.IsType<ModelNotFoundException>(before.Exception);
        Assert.True(allclose(expected, answer));
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(application, "late")).Status);
    }

    /// <summary>A pipeline.</summary>
    private sealed class Pair(Module<Tensor, Tensor> encoder)
    {
        public Module<Tensor, Tensor> Encoder { get; } = encoder;
    }
}
