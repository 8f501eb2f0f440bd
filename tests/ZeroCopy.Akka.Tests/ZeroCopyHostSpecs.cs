using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>A host on an actor system that it is given.</summary>
public sealed class ZeroCopyHostSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly LeakCheck _leaks = new();
    private ActorSystem? _system;

    private string StoreDirectory => _directory.File("store");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await (_system?.Terminate() ?? Task.CompletedTask).WaitAsync(Patience);
        _directory.Dispose();
        _leaks.VerifyCollected();
    }

    [Fact]
    public async Task ZeroCopyHost_should_use_the_store_of_a_given_system_which_outlives_it()
    {
        var system = Start();
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system });
        var store = host.Store;

        await host.DisposeAsync();

        Assert.Equal(StoreDirectory, store.Options.Directory);
        Assert.IsType<StoreReply.Counted>(
            await ZeroCopySystem.For(system).ObjectStore.Ask<StoreReply>(StoreRequest.Stat.Instance, Patience));
        Assert.Empty(store.List());
        await system.Terminate().WaitAsync(Patience);
        Assert.Throws<ObjectDisposedException>(() => store.List());
    }

    [Fact]
    public void ZeroCopyHost_should_take_a_store_that_the_given_system_has_not_opened_otherwise()
    {
        var system = Start();
        var other = new ObjectStoreOptions { Directory = _directory.File("other") };
        Assert.Equal(StoreDirectory, ZeroCopySystem.For(system).OpenStore().Options.Directory);

        var error = Assert.Throws<InvalidOperationException>(
            () => ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system, Store = other }));

        Assert.Contains(other.Directory, error.Message, StringComparison.Ordinal);
        Assert.Same(ZeroCopySystem.For(system).OpenStore(), ZeroCopyHost.For(system).Store);
    }

    [Fact]
    public async Task ZeroCopyHost_should_be_the_only_one_of_its_system_until_it_ends()
    {
        var system = Start();
        var first = ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system });

        var error = Assert.Throws<InvalidOperationException>(() => ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system }));
        Assert.Contains("'given'", error.Message, StringComparison.Ordinal);
        Assert.Same(first, ZeroCopyHost.For(system));

        await first.DisposeAsync();
        var second = ZeroCopyHost.For(system);
        Assert.NotSame(first, second);
        Assert.Same(first.Store, second.Store);
    }

    [Fact]
    public async Task ZeroCopyHost_should_register_the_model_types_of_the_assemblies_that_the_settings_name()
    {
        var catalog = new ModelCatalog();
        var system = Start($"zerocopy.models.assemblies = [\"{OwnModels.Path}\"]");

        await using (ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system, Catalog = catalog }))
        {
            Assert.Equal(["own-counter", "own-linear", "own-once", "own-pair"], catalog.Keys);
        }

        Assert.Same(catalog, ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system, Catalog = catalog }).Runtime.Catalog);
    }

    [Fact]
    public void ZeroCopyHost_should_not_open_when_an_assembly_of_the_settings_is_not_there()
    {
        var system = Start("zerocopy.models.assemblies = [\"nowhere.dll\"]");

        var error = Assert.Throws<ModelAssemblyException>(() => ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system }));

        Assert.Contains("'nowhere.dll'", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(StoreDirectory));
    }

    [Fact]
    public async Task ZeroCopyHost_should_find_the_host_of_its_own_system()
    {
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = StoreDirectory } });

        Assert.Same(host, ZeroCopyHost.For(host.ActorSystem));
        Assert.Same(host.Store, host.Actors.OpenStore());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ZeroCopyHost_should_send_wrappers_between_systems(bool ownSystem)
    {
        await using var sender = ZeroCopyHost.Open(
            new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = StoreDirectory } });
        var receiver = ownSystem ? sender.ActorSystem : Start();
        var host = ZeroCopyHost.For(receiver);
        using var model = Linear(8, 4);
        using var input = ones(2, 8);
        using var expected = model.call(input);
        ModelWrapper wrapper = await ModelWrapper.FromModelAsync<Module<Tensor, Tensor>>(model, host: sender);
        var serializer = receiver.Serialization.FindSerializerFor(wrapper);

        var bytes = serializer.ToBinary(wrapper);
        var received = Assert.IsAssignableFrom<ModelWrapper>(receiver.Serialization.Deserialize(bytes, serializer.Identifier, "w1"));
        var loaded = received.As<Module<Tensor, Tensor>>().Load(new LoadOptions<Module<Tensor, Tensor>> { Factory = () => Linear(8, 4) });
        using var answer = loaded.call(input);
        ModelWrapper.Release(loaded);

        Assert.Same(host, received.Host);
        Assert.Equal(7902, serializer.Identifier);
        Assert.True(expected.eq(answer).all().item<bool>());
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("buffers", true)]
    [InlineData("mappings", true)]
    public async Task ZeroCopyHost_should_isolate_instances_as_the_settings_of_its_system_say(string isolation, bool apart)
    {
        var host = ZeroCopyHost.For(Start($"zerocopy.inference.instances {{ isolation = {isolation}, max-idle = 3 }}"));
        using var model = BatchNorm1d(4);
        var wrapper = await ModelWrapper.FromModelAsync<Module<Tensor, Tensor>>(model, host: host);
        var (first, second) = (wrapper.Load(), wrapper.Load());

        first.get_buffer("running_mean")!.fill_(5);

        Assert.Equal(apart ? 0 : 5, second.get_buffer("running_mean")!.mean().item<float>());
        Assert.Equal(3, host.Runtime.Options.MaxIdleInstances);
        ModelWrapper.Release(first);
        ModelWrapper.Release(second);
    }

    [Fact]
    public void TorchRuntimeOptions_should_have_the_defaults_of_the_settings()
    {
        var settings = ZeroCopySettings.From(Config.Empty).Inference.Instances;

        Assert.Equal(
            new TorchRuntimeOptions(), new TorchRuntimeOptions { Isolation = settings.Isolation, MaxIdleInstances = settings.MaxIdle });
        Assert.Equal(InstanceIsolation.Buffers, settings.Isolation);
    }

    private ActorSystem Start(string hocon = "") => _system = ActorSystem.Create("given", ConfigurationFactory.ParseString(hocon)
        .WithFallback($"zerocopy.object-store.directory = \"{StoreDirectory}\"")
        .WithFallback("akka { loglevel = OFF, stdout-loglevel = OFF }"));
}
