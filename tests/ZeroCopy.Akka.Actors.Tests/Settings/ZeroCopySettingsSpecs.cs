using Akka.Configuration;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Settings;

public sealed class ZeroCopySettingsSpecs
{
    [Fact]
    public void ZeroCopySettings_should_pin_every_default()
    {
        var settings = ZeroCopySettings.From(Config.Empty);
        Assert.Equal(new ObjectStoreOptions(), settings.ObjectStore);
        Assert.Equal(new BatchingSettings(), settings.Batching);
        Assert.Equal((32, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(5)),
            (settings.Batching.MaxRows, settings.Batching.MaxDelay, settings.Batching.DeadlineMargin));
        Assert.Equal(new TaskSettings(), settings.Tasks);
        Assert.Equal((Environment.ProcessorCount, 4096, null, TimeSpan.FromSeconds(4)),
            (settings.Tasks.MaxConcurrency, settings.Tasks.QueueCapacity, settings.Tasks.Deadline, settings.Tasks.DrainTimeout));
        Assert.Equal(TimeSpan.FromSeconds(4), settings.Inference.DrainTimeout);
        Assert.Empty(settings.Inference.Pools);
        var pool = settings.Inference.PoolDefaults;
        Assert.Equal(new PoolSettings(), pool);
        Assert.Equal((Environment.ProcessorCount, RoutingStrategy.SmallestMailbox, 4096, null),
            (pool.Size, pool.Router, pool.QueueCapacity, pool.Deadline));
        Assert.Equal((5, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)), (pool.Load.Attempts, pool.Load.MinBackoff, pool.Load.MaxBackoff));
    }

    [Fact]
    public void PoolSettings_should_divide_the_processors_among_the_actors()
    {
        var processors = Environment.ProcessorCount;
        Assert.Equal(processors, new PoolSettings { Size = 1 }.Threads);
        Assert.Equal(1, new PoolSettings { Size = processors + 1 }.Threads);
        Assert.Equal(1, new PoolSettings { Size = 1, Resizer = new ResizerSettings { MaxSize = 2 * processors } }.Threads);
        Assert.Equal(5, ZeroCopySettings.From("zerocopy.inference.pools.bert.threads = 5").Inference.Pool("bert").Threads);
    }

    [Fact]
    public void ZeroCopySettings_should_pin_the_resizer_when_it_is_on() => Assert.Equal(
        new ResizerSettings(),
        ZeroCopySettings.From("zerocopy.inference.pool-defaults.resizer.enabled = on").Inference.PoolDefaults.Resizer);

    [Fact]
    public void ZeroCopySettings_should_lay_a_pool_over_the_defaults()
    {
        var settings = ZeroCopySettings.From("""
            zerocopy.batching.max-rows = 8
            zerocopy.inference.pool-defaults.queue-capacity = 7
            zerocopy.inference.pools.bert { size = 3, deadline = 2s, batching { enabled = on, max-delay = 9ms } }
            """);
        var pool = settings.Inference.Pool("bert");
        Assert.Equal((3, 7, TimeSpan.FromSeconds(2)), (pool.Size, pool.QueueCapacity, pool.Deadline));
        Assert.Equal(new BatchingSettings { MaxRows = 8, MaxDelay = TimeSpan.FromMilliseconds(9) }, pool.Batching);
        Assert.Null(settings.Inference.Pool("other").Batching);
    }

    [Fact]
    public void ZeroCopySettings_should_name_all_problems_at_once()
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From("""
            zerocopy.object-store { mapping = sideways, put-deadline = soon, capacity = much }
            zerocopy.tasks.queue-capacity = 0
            zerocopy.inference.pools.bert { size = many, router = random, batching.enabled = perhaps }
            """));
        Assert.Equal(7, thrown.Problems.Length);
        Assert.Contains("zerocopy.inference.pools.bert.router is 'random' but must be one of smallest-mailbox", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlays_should_use_only_settings_that_exist()
    {
        var files = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "hocon"), "*.conf");
        Assert.NotEmpty(files);
        var akka = ZeroCopySettings.Reference.WithFallback(ConfigurationFactory.Default());
        foreach (var file in files)
        {
            var config = ConfigurationFactory.ParseString(File.ReadAllText(file));
            ZeroCopySettings.From(config);
            var unknown = config.Root.GetObject() is { } root && config.HasPath("zerocopy")
                ? Keys(config.GetConfig("zerocopy"), "zerocopy").Where(key => !akka.HasPath(Known(key))).ToArray()
                : [];
            Assert.True(unknown.Length == 0, $"{file}: {string.Join(", ", unknown)}");
        }
    }

    /// <summary>A key of a pool is one of the defaults, and one of its batching is one of the common ones.</summary>
    private static string Known(string key)
    {
        var parts = key.Split('.');
        if (parts is ["zerocopy", "inference", "pools", _, .. var rest])
        {
            key = "zerocopy.inference.pool-defaults." + string.Join('.', rest);
        }

        const string Batching = "zerocopy.inference.pool-defaults.batching.";
        return key.StartsWith(Batching, StringComparison.Ordinal) && !key.EndsWith(".enabled", StringComparison.Ordinal)
            ? "zerocopy.batching." + key[Batching.Length..]
            : key;
    }

    private static IEnumerable<string> Keys(Config config, string path) => config.Root.GetObject().Items.SelectMany(item =>
        item.Value.IsObject() ? Keys(config.GetConfig(item.Key), $"{path}.{item.Key}") : [$"{path}.{item.Key}"]);
}
