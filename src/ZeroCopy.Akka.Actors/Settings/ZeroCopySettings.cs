using System.Collections.Immutable;
using Akka.Configuration;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
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
    public static Config Reference { get; } = ConfigurationFactory.FromResource(
        "ZeroCopy.Actors.reference.conf", typeof(ZeroCopySettings).Assembly);

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

    /// <summary>A node of the cluster.</summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary>Models over HTTP.</summary>
    public required ServingSettings Serving { get; init; }

    /// <summary>Metrics and traces.</summary>
    public required TelemetrySettings Telemetry { get; init; }

    /// <summary>Reads the settings; what <paramref name="config"/> leaves out is taken from <see cref="Reference"/>.</summary>
    /// <exception cref="InvalidSettingsException">
    /// Keys do not exist, values are out of range or of the wrong kind; all of them are named.
    /// </exception>
    public static ZeroCopySettings From(Config config)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var settings = Read(config, problems);
        return problems.Count > 0 ? throw new InvalidSettingsException(problems.ToImmutable()) : settings;
    }

    /// <summary>
    /// Reads the settings for somebody who checks them further: what is wrong is noted, and left at a value that can be used.
    /// </summary>
    internal static ZeroCopySettings Read(Config config, ImmutableArray<string>.Builder problems)
    {
        var merged = config.WithFallback(Reference);
        if (!merged.GetValue("zerocopy").IsObject())
        {
            problems.Add($"zerocopy is '{merged.GetValue("zerocopy")}' but must be a section");
            merged = Reference;
        }

        var root = new SettingsReader(merged.GetConfig("zerocopy"), Reference.GetConfig("zerocopy"), "zerocopy", problems);
        KnownKeys.All.Check(merged.GetConfig("zerocopy").Root, "zerocopy", problems);
        var batching = ReadBatching(root.Section("batching"), new BatchingSettings());
        return new ZeroCopySettings
        {
            ObjectStore = ReadStore(root.Section("object-store")),
            Models = new ModelSettings { Assemblies = root.Section("models").Texts("assemblies") },
            Batching = batching,
            Inference = ReadInference(root.Section("inference"), batching),
            Tasks = ReadTasks(root.Section("tasks")),
            Cluster = ReadCluster(root.Section("cluster")),
            Serving = ReadServing(root.Section("serving")),
            Telemetry = ReadTelemetry(root.Section("telemetry")),
        };
    }

    private static ObjectStoreOptions ReadStore(SettingsReader reader)
    {
        var directory = reader.Text("directory");
        if (directory.Contains('\0'))
        {
            reader.Problem("directory", directory, "the path of a folder");
            directory = "";
        }

        var options = new ObjectStoreOptions
        {
            CapacityBytes = reader.Bytes("capacity", min: 0),
            PutDeadline = reader.Duration("put-deadline"),
            KeepVersions = reader.Number("keep-versions", 0, int.MaxValue),
            Mapping = reader.Choice<MappingMode>("mapping"),
            Prefault = reader.Switch("prefault"),
        };
        return directory.Length == 0 ? options : options with { Directory = Path.GetFullPath(directory) };
    }

    private static BatchingSettings ReadBatching(SettingsReader reader, BatchingSettings inherited) => new()
    {
        MaxRows = reader.Has("max-rows") ? reader.Number("max-rows", 1, 1_000_000) : inherited.MaxRows,
        Adaptive = reader.Has("adaptive") ? reader.Switch("adaptive") : inherited.Adaptive,
        MaxDelay = reader.Has("max-delay") ? reader.Duration("max-delay") : inherited.MaxDelay,
        DeadlineMargin = reader.Has("deadline-margin") ? reader.Duration("deadline-margin") : inherited.DeadlineMargin,
        Verify = reader.Has("verify") ? reader.Switch("verify") : inherited.Verify,
        Padding = reader.Has("pad-buckets") || reader.Has("pad-inputs") || reader.Has("pad-mask") ? ReadPadding(reader) : inherited.Padding,
    };

    private static RequestPadding? ReadPadding(SettingsReader reader)
    {
        var padding = new RequestPadding
        {
            Buckets = reader.Numbers("pad-buckets"),
            Inputs = reader.NumbersByName("pad-inputs"),
            Mask = reader.Text("pad-mask"),
        };
        if (padding.Buckets.IsEmpty != padding.Inputs.IsEmpty)
        {
            reader.Problem(
                padding.Buckets.IsEmpty ? "pad-buckets" : "pad-inputs", "", "given where the other of pad-buckets and pad-inputs is");
        }

        if (padding.Buckets.IsEmpty && padding.Inputs.IsEmpty && padding.Mask.Length > 0)
        {
            reader.Problem("pad-buckets", "", "given where pad-mask is");
        }

        if (padding.Inputs.ContainsKey(padding.Mask))
        {
            reader.Problem("pad-mask", padding.Mask, "none of pad-inputs: it is padded with 0");
        }

        return padding.Buckets.IsEmpty ? null : padding;
    }

    private static InferenceSettings ReadInference(SettingsReader reader, BatchingSettings batching)
    {
        var defaults = reader.Section("pool-defaults");
        return new InferenceSettings
        {
            KeepsCallers = reader.Section("dispatcher").Choice(
                InferenceSettings.CallersKey, ("thread-pool", false), (InferenceSettings.ComputeThreads, true)),
            DrainTimeout = reader.Duration("drain-timeout"),
            CatchesCppExceptions = reader.Switch("catch-cpp-exceptions"),
            Remoting = new RemotingSettings { MaxMessage = reader.Section("remoting").Bytes("max-message", min: 1, max: 1 << 30) },
            Instances = ReadInstances(reader.Section("instances")),
            IdleTimeout = reader.OptionalDuration("idle-timeout"),
            RefreshInterval = reader.Duration("refresh-interval"),
            PoolDefaults = ReadPool(defaults, batching),
            Pools = reader.Section("pools").Sections(defaults).ToImmutableSortedDictionary(
                pool => pool.Name,
                pool => ReadDeclaration(pool.Name, pool.Reader, ReadPool(pool.Reader, batching)),
                StringComparer.Ordinal),
        };
    }

    private static InstanceSettings ReadInstances(SettingsReader reader) => new()
    {
        MaxIdle = reader.Number("max-idle", 0, 4096),
        Isolation = reader.Choice<InstanceIsolation>("isolation"),
    };

    private static PoolSettings ReadDeclaration(string name, SettingsReader pool, PoolSettings settings)
    {
        pool.RequireSwitch("batching", settings.Batching is not null);
        pool.RequireSwitch("resizer", settings.Resizer is not null);
        if (!pool.Has("model"))
        {
            if (pool.Has("method"))
            {
                pool.Problem(
                    "method", pool.Text("method"), "left out where there is no model, as a pool that code makes runs its own function");
            }

            return settings;
        }

        if (!ModelName.TryParse(name, out var parsed) || parsed.Version is not null)
        {
            pool.Problem(
                "model", pool.Text("model"),
                "that of a pool whose name can be an address: letters a to z or A to Z, digits, '.', '_' or '-'");
        }

        return settings with { Model = pool.Model("model"), Method = pool.Text("method") };
    }

    private static PoolSettings ReadPool(SettingsReader pool, BatchingSettings batching)
    {
        var join = pool.Section("batching");
        var resizer = ReadResizer(pool.Section("resizer"));
        return new PoolSettings
        {
            Size = ReadSize(pool, resizer),
            Threads = pool.Number("threads", 0, 4096),
            Router = pool.Choice<RoutingStrategy>("router"),
            QueueCapacity = pool.Number("queue-capacity", 1, int.MaxValue),
            Deadline = pool.OptionalDuration("deadline"),
            Resizer = resizer,
            Load = ReadLoad(pool.Section("load")),
            RenewAfterFailures = pool.Number("renew-after-failures", 0, 1_000_000),
            Remote = pool.Switch("remote"),
            Device = pool.Device("device"),
            Follow = pool.Switch("follow"),
            Batching = join.Switch("enabled") ? ReadBatching(join, batching) : null,
        };
    }

    private static int ReadSize(SettingsReader pool, ResizerSettings? resizer)
    {
        var size = pool.Number("size", 0, 4096);
        var (min, max) = resizer is null ? (1, int.MaxValue) : (resizer.MinSize, Math.Max(resizer.MinSize, resizer.MaxSize));
        if (size == 0)
        {
            return Math.Clamp(Environment.ProcessorCount, min, max);
        }

        if (size < min || size > max)
        {
            pool.Problem("size", pool.Text("size"), $"{min} to {max}, resizer.min-size to resizer.max-size, as a pool starts within them");
        }

        return size;
    }

    private static LoadSettings ReadLoad(SettingsReader reader)
    {
        var load = new LoadSettings
        {
            Attempts = reader.Number("attempts", 1, 1_000_000),
            MinBackoff = reader.Duration("min-backoff"),
            MaxBackoff = reader.Duration("max-backoff"),
        };
        if (load.MaxBackoff < load.MinBackoff)
        {
            reader.Problem("max-backoff", reader.Text("max-backoff"), $"min-backoff, {reader.Text("min-backoff")}, or longer");
        }

        return load;
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

    private static ClusterSettings ReadCluster(SettingsReader reader)
    {
        var settings = ReadNode(reader);
        if (settings.Discovery.IsOn && !settings.Seeds.IsEmpty)
        {
            reader.Problem("seeds", string.Join(", ", settings.Seeds), "empty where zerocopy.cluster.discovery has a method");
        }

        if (settings.Roles.IsEmpty)
        {
            reader.Problem("roles", "[]", "a list of one role or more, such as [inference] or [client]");
        }

        return settings;
    }

    private static ClusterSettings ReadNode(SettingsReader reader) => new()
    {
        Host = reader.Host("host"),
        BindHost = reader.Text("bind-host").Length == 0 ? "" : reader.Host("bind-host"),
        Port = reader.Number("port", 0, ushort.MaxValue),
        Roles = reader.Texts("roles"),
        Seeds = reader.Nodes("seeds"),
        Discovery = ReadDiscovery(reader.Section("discovery")),
        LeaveTimeout = reader.Duration("leave-timeout"),
        Transfer = ReadTransfer(reader.Section("transfer")),
        Tls = ReadTls(reader.Section("tls")),
        Copies = reader.Number("copies", 1, 1000),
    };

    private static DiscoverySettings ReadDiscovery(SettingsReader reader)
    {
        var settings = new DiscoverySettings
        {
            Method = reader.Text("method"),
            Service = reader.Text("service"),
            ContactPoints = reader.Number("contact-points", 1, 10_000),
        };
        if (settings.IsOn && string.IsNullOrWhiteSpace(settings.Service))
        {
            reader.Problem("service", settings.Service, "what the nodes are called where discovery has a method");
        }

        return settings;
    }

    private static TransferSettings ReadTransfer(SettingsReader reader) => new()
    {
        Port = reader.Number("port", 0, ushort.MaxValue),
        Rate = reader.Bytes("rate", min: 0),
        MaxSends = reader.Number("max-sends", 1, 4096),
        MaxReceives = reader.Number("max-receives", 1, 4096),
        StallTimeout = reader.Duration("stall-timeout"),
    };

    private static TlsSettings ReadTls(SettingsReader reader)
    {
        var settings = new TlsSettings
        {
            Certificate = reader.Text("certificate"),
            Key = reader.Text("key"),
            Password = reader.Text("password"),
            Authorities = reader.Text("authorities"),
        };
        if (!settings.IsOn && settings != new TlsSettings())
        {
            reader.Problem("certificate", "", "the file of the node's certificate where other keys of tls are set");
        }

        return settings;
    }

    private static ServingSettings ReadServing(SettingsReader reader) => new()
    {
        Port = reader.Number("port", 0, ushort.MaxValue),
        GrpcPort = reader.OptionalPort("grpc-port"),
        MaxBody = reader.Bytes("max-body", min: 1),
        MaxTensors = reader.Number("max-tensors", 1, int.MaxValue),
        MaxElements = reader.Number("max-elements", 1, int.MaxValue),
        MaxJsonDepth = reader.Number("max-json-depth", 1, 1000),
        SharedMemory = reader.Switch("shared-memory"),
        RetryAfter = reader.Duration("retry-after"),
        DrainDelay = reader.Duration("drain-delay"),
        AccessLog = reader.Switch("access-log"),
        Tls = ReadServingTls(reader.Section("tls")),
        ApiKeys = ReadKeys(reader.Section("api-keys"), reader.Texts("managers"), reader),
    };

    private static ServingTlsSettings? ReadServingTls(SettingsReader reader)
    {
        var tls = new ServingTlsSettings(reader.Text("certificate"), reader.Text("key"), reader.Text("password"));
        if (tls.Certificate.Length == 0 && (tls.Key.Length > 0 || tls.Password.Length > 0))
        {
            reader.Problem("certificate", "", "a file where tls has a key or a password");
        }

        return tls.Certificate.Length == 0 ? null : tls;
    }

    private static ImmutableArray<ApiKeySettings> ReadKeys(SettingsReader reader, ImmutableArray<string> managers, SettingsReader serving)
    {
        var keys = reader.All().Select(key => new ApiKeySettings(key.Name, key.Text, managers.Contains(key.Name))).ToImmutableArray();
        foreach (var key in keys.Where(key => key.Sha256.Length != 64 || !key.Sha256.All(char.IsAsciiHexDigit)))
        {
            // Not the text itself, which may be the key.
            reader.Problem(key.Name, "***", "the SHA-256 of a key, 64 hexadecimal digits");
        }

        foreach (var manager in managers.Where(manager => keys.All(key => key.Name != manager)))
        {
            serving.Problem("managers", manager, "names of zerocopy.serving.api-keys");
        }

        // Two settings without keys are equal: there is one empty array.
        return keys.IsEmpty ? [] : keys;
    }

    private static TelemetrySettings ReadTelemetry(SettingsReader reader) => new()
    {
        Metrics = reader.Switch("metrics"),
        OtlpEndpoint = reader.OptionalUrl("otlp-endpoint"),
    };

    private static TaskSettings ReadTasks(SettingsReader reader) => new()
    {
        MaxConcurrency = reader.Number("max-concurrency", 0, 4096) is var count and > 0 ? count : Environment.ProcessorCount,
        QueueCapacity = reader.Number("queue-capacity", 1, int.MaxValue),
        Deadline = reader.OptionalDuration("deadline"),
        DrainTimeout = reader.Duration("drain-timeout"),
        UsesThreadPool = reader.Section("dispatcher").Text("executor") == "thread-pool-executor",
    };
}
