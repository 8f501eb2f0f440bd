using System.Collections.Immutable;
using Akka.Configuration;
using ZeroCopy.Runtime;
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

    /// <summary>Model types.</summary>
    public required ModelSettings Models { get; init; }

    /// <summary>Pools.</summary>
    public required InferenceSettings Inference { get; init; }

    /// <summary>Task mode.</summary>
    public required TaskSettings Tasks { get; init; }

    /// <summary>Micro-batches, where a pool says nothing else.</summary>
    public required BatchingSettings Batching { get; init; }

    /// <summary>Reads the settings; what <paramref name="config"/> leaves out is taken from <see cref="Reference"/>.</summary>
    /// <exception cref="InvalidSettingsException">
    /// Keys do not exist, values are out of range or of the wrong kind; all of them are named.
    /// </exception>
    public static ZeroCopySettings From(Config config)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var merged = config.WithFallback(Reference);
        if (!merged.GetValue("zerocopy").IsObject())
        {
            throw new InvalidSettingsException([$"zerocopy is '{merged.GetValue("zerocopy")}' but must be a section"]);
        }

        var root = new SettingsReader(merged.GetConfig("zerocopy"), Reference.GetConfig("zerocopy"), "zerocopy", problems);
        KnownKeys.All.Check(merged.GetConfig("zerocopy").Root, "zerocopy", problems);
        var store = ReadStore(root.Section("object-store"));
        var models = new ModelSettings { Assemblies = root.Section("models").Texts("assemblies") };
        var batching = ReadBatching(root.Section("batching"), new BatchingSettings());
        var inference = ReadInference(root.Section("inference"), batching);
        var tasks = ReadTasks(root.Section("tasks"));
        return problems.Count > 0
            ? throw new InvalidSettingsException(problems.ToImmutable())
            : new ZeroCopySettings { ObjectStore = store, Models = models, Inference = inference, Tasks = tasks, Batching = batching };
    }

    private static ObjectStoreOptions ReadStore(SettingsReader reader)
    {
        var directory = reader.Text("directory");
        var options = new ObjectStoreOptions
        {
            CapacityBytes = reader.Bytes("capacity"),
            PutDeadline = reader.Duration("put-deadline"),
            KeepVersions = reader.Number("keep-versions", 0, int.MaxValue),
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
        Verify = reader.Has("verify") ? reader.Switch("verify") : inherited.Verify,
    };

    private static InferenceSettings ReadInference(SettingsReader reader, BatchingSettings batching)
    {
        var defaults = reader.Section("pool-defaults");
        return new InferenceSettings
        {
            KeepsCallers = reader.Section("dispatcher").Choice(
                InferenceSettings.CallersKey, ("thread-pool", false), (InferenceSettings.ComputeThreads, true)),
            DrainTimeout = reader.Duration("drain-timeout"),
            Instances = ReadInstances(reader.Section("instances")),
            PoolDefaults = ReadPool(defaults, batching),
            Pools = reader.Section("pools").Sections(defaults).ToImmutableSortedDictionary(
                pool => pool.Name, pool => ReadPool(pool.Reader, batching), StringComparer.Ordinal),
        };
    }

    private static InstanceSettings ReadInstances(SettingsReader reader) => new()
    {
        MaxIdle = reader.Number("max-idle", 0, 4096),
        Isolation = reader.Choice(
            "isolation",
            ("none", InstanceIsolation.None),
            ("buffers", InstanceIsolation.Buffers),
            ("mappings", InstanceIsolation.Mappings)),
    };

    private static PoolSettings ReadPool(SettingsReader pool, BatchingSettings batching)
    {
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
            RenewAfterFailures = pool.Number("renew-after-failures", 0, 1_000_000),
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
        UsesThreadPool = reader.Section("dispatcher").Text("executor") == "thread-pool-executor",
    };
}
