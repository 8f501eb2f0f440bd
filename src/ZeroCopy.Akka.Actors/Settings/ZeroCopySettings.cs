using System.Collections.Immutable;
using Akka.Configuration;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Settings;

/// <summary>Everything under <c>zerocopy</c> in HOCON, read here and nowhere else. Immutable.</summary>
public sealed record ZeroCopySettings
{
    private ZeroCopySettings()
    {
    }

    /// <summary>The commented defaults that the assembly carries.</summary>
    public static Config Reference { get; } = ConfigurationFactory.FromResource("ZeroCopy.Actors.reference.conf", typeof(ZeroCopySettings).Assembly);

    /// <summary>The object store.</summary>
    public required ObjectStoreOptions ObjectStore { get; init; }

    /// <summary>Pools.</summary>
    public required InferenceSettings Inference { get; init; }

    /// <summary>Task mode.</summary>
    public required TaskSettings Tasks { get; init; }

    /// <summary>Micro-batches, where a pool says nothing else.</summary>
    public required BatchingSettings Batching { get; init; }

    /// <summary>Reads the settings; what <paramref name="config"/> leaves out is taken from <see cref="Reference"/>.</summary>
    /// <exception cref="InvalidSettingsException">Values are out of range or of the wrong kind; all of them are named.</exception>
    public static ZeroCopySettings From(Config config)
    {
        var root = config.WithFallback(Reference).GetConfig("zerocopy");
        var problems = ImmutableArray.CreateBuilder<string>();
        var store = ReadStore(new SettingsReader(root.GetConfig("object-store"), "zerocopy.object-store", problems));
        var batching = ReadBatching(new SettingsReader(root.GetConfig("batching"), "zerocopy.batching", problems), new BatchingSettings());
        var inference = ReadInference(root, batching, problems);
        var tasks = ReadTasks(new SettingsReader(root.GetConfig("tasks"), "zerocopy.tasks", problems));
        return problems.Count > 0
            ? throw new InvalidSettingsException(problems.ToImmutable())
            : new ZeroCopySettings { ObjectStore = store, Inference = inference, Tasks = tasks, Batching = batching };
    }

    private static ObjectStoreOptions ReadStore(SettingsReader reader)
    {
        var directory = reader.Text("directory");
        var options = new ObjectStoreOptions
        {
            CapacityBytes = reader.Bytes("capacity"),
            PutDeadline = reader.Duration("put-deadline"),
            Mapping = reader.Choice("mapping", ("copy-on-write", MappingMode.CopyOnWrite), ("read-only", MappingMode.ReadOnly)),
            Prefault = reader.Switch("prefault"),
        };
        return directory.Length == 0 ? options : options with { Directory = Path.GetFullPath(directory) };
    }

    private static BatchingSettings ReadBatching(SettingsReader reader, BatchingSettings inherited) => new()
    {
        MaxRows = reader.Has("max-rows") ? reader.Number("max-rows", 1, 1_000_000) : inherited.MaxRows,
        MaxDelay = reader.Has("max-delay") ? reader.Duration("max-delay") : inherited.MaxDelay,
        DeadlineMargin = reader.Has("deadline-margin") ? reader.Duration("deadline-margin") : inherited.DeadlineMargin,
    };

    private static InferenceSettings ReadInference(Config root, BatchingSettings batching, ImmutableArray<string>.Builder problems)
    {
        var inference = root.GetConfig("inference");
        var defaults = inference.GetConfig("pool-defaults");
        var pools = ImmutableSortedDictionary.CreateBuilder<string, PoolSettings>(StringComparer.Ordinal);
        foreach (var (name, _) in inference.GetConfig("pools").Root.GetObject().Unwrapped)
        {
            var path = $"zerocopy.inference.pools.{name}";
            pools[name] = ReadPool(inference.GetConfig($"pools.{name}").WithFallback(defaults), path, batching, problems);
        }

        return new InferenceSettings
        {
            DrainTimeout = new SettingsReader(inference, "zerocopy.inference", problems).Duration("drain-timeout"),
            PoolDefaults = ReadPool(defaults, "zerocopy.inference.pool-defaults", batching, problems),
            Pools = pools.ToImmutable(),
        };
    }

    private static PoolSettings ReadPool(Config config, string path, BatchingSettings batching, ImmutableArray<string>.Builder problems)
    {
        var pool = new SettingsReader(config, path, problems);
        var load = pool.Section("load");
        var join = pool.Section("batching");
        return new PoolSettings
        {
            Size = pool.Number("size", 0, 4096) is var size and > 0 ? size : Environment.ProcessorCount,
            Threads = pool.Number("threads", 0, 4096),
            Router = pool.Choice(
                "router",
                ("smallest-mailbox", RoutingStrategy.SmallestMailbox),
                ("round-robin", RoutingStrategy.RoundRobin),
                ("consistent-hashing", RoutingStrategy.ConsistentHashing)),
            QueueCapacity = pool.Number("queue-capacity", 1, int.MaxValue),
            Deadline = pool.OptionalDuration("deadline"),
            Resizer = ReadResizer(pool.Section("resizer")),
            Load = new LoadSettings
            {
                Attempts = load.Number("attempts", 1, 1_000_000),
                MinBackoff = load.Duration("min-backoff"),
                MaxBackoff = load.Duration("max-backoff"),
            },
            Remote = pool.Switch("remote"),
            Batching = join.Switch("enabled") ? ReadBatching(join, batching) : null,
        };
    }

    private static ResizerSettings? ReadResizer(SettingsReader reader)
    {
        if (!reader.Switch("enabled"))
        {
            return null;
        }

        var min = reader.Number("min-size", 1, 4096);
        return new ResizerSettings
        {
            MinSize = min,
            MaxSize = reader.Number("max-size", min, 4096),
            PressureThreshold = reader.Number("pressure-threshold", 0, int.MaxValue),
            RampupRate = reader.Share("rampup-rate"),
            BackoffThreshold = reader.Share("backoff-threshold"),
            BackoffRate = reader.Share("backoff-rate"),
            MessagesPerResize = reader.Number("messages-per-resize", 1, int.MaxValue),
        };
    }

    private static TaskSettings ReadTasks(SettingsReader reader) => new()
    {
        MaxConcurrency = reader.Number("max-concurrency", 0, 4096) is var count and > 0 ? count : Environment.ProcessorCount,
        QueueCapacity = reader.Number("queue-capacity", 1, int.MaxValue),
        Deadline = reader.OptionalDuration("deadline"),
        DrainTimeout = reader.Duration("drain-timeout"),
    };
}
