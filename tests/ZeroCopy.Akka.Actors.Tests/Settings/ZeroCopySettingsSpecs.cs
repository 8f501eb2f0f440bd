using Akka.Configuration;
using Akka.Configuration.Hocon;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Settings;

public sealed class ZeroCopySettingsSpecs
{
    private static readonly string[] Absurd =
    [
        "\"\"", "\" \"", "x", "on", "0", "-1", "1.5", "NaN", "1e400", "-0", "99999999999999999999", "[]", "[[]]", "[{}]", "{ }",
        "{ a = 1 }", "null", "-5s", "0s", "infinite", "999999999999d", "-1m", "9999999999999g", "\"a\\u0000b\"",
    ];

    public static TheoryData<string> Keys() =>
    [
        .. KeysOf(ZeroCopySettings.Reference.GetValue("zerocopy"), "zerocopy"),
        "zerocopy.inference.pools.own", "zerocopy.inference.pools.own.model", "zerocopy.inference.pools.own.method",
        "zerocopy.inference.pools.own.size", "zerocopy.inference.pools.own.batching", "zerocopy.serving.api-keys.own", "zerocopy",
    ];

    [Theory]
    [MemberData(nameof(Keys))]
    public void ZeroCopySettings_should_take_or_refuse_whatever_a_key_has(string key)
    {
        foreach (var value in Absurd)
        {
            try
            {
                ZeroCopySettings.From($"zerocopy.serving.port = 1\n{key} = {value}");
            }
            catch (Exception e)
            {
                var refused = Assert.IsType<InvalidSettingsException>(e);
                Assert.All(refused.Problems, problem => Assert.StartsWith("zerocopy", problem, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void ZeroCopySettings_should_pin_every_default()
    {
        var settings = ZeroCopySettings.From(Config.Empty);
        Assert.Equal(new ObjectStoreOptions(), settings.ObjectStore);
        Assert.Equal(0, settings.ObjectStore.KeepVersions);
        Assert.Empty(settings.Models.Assemblies);
        Assert.Equal(new BatchingSettings(), settings.Batching);
        Assert.Equal((true, 32, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(5), true),
            (settings.Batching.Adaptive, settings.Batching.MaxRows, settings.Batching.MaxDelay, settings.Batching.DeadlineMargin,
                settings.Batching.Verify));
        Assert.Equal(new TaskSettings(), settings.Tasks);
        Assert.Equal((Environment.ProcessorCount, 4096, null, TimeSpan.FromSeconds(4)),
            (settings.Tasks.MaxConcurrency, settings.Tasks.QueueCapacity, settings.Tasks.Deadline, settings.Tasks.DrainTimeout));
        Assert.Equal(TimeSpan.FromSeconds(4), settings.Inference.DrainTimeout);
        Assert.Equal(64 << 20, settings.Inference.Remoting.MaxMessage);
        Assert.True(settings.Inference.CatchesCppExceptions);
        Assert.False(ZeroCopySettings.From("zerocopy.inference.catch-cpp-exceptions = off").Inference.CatchesCppExceptions);
        Assert.Equal(new InstanceSettings(), settings.Inference.Instances);
        Assert.Equal((16, InstanceIsolation.Buffers), (settings.Inference.Instances.MaxIdle, settings.Inference.Instances.Isolation));
        Assert.Equal(
            (TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(500)),
            (settings.Inference.IdleTimeout, settings.Inference.RefreshInterval));
        Assert.Empty(settings.Inference.Pools);
        Assert.Equal("inference", Assert.Single(settings.Cluster.Roles));
        Assert.Empty(settings.Cluster.Seeds);
        Assert.Equal(new ClusterSettings { Roles = [], Seeds = [] }, settings.Cluster with { Roles = [], Seeds = [] });
        Assert.Equal(
            ("127.0.0.1", "127.0.0.1", 4053, TimeSpan.FromSeconds(20), false),
            (settings.Cluster.Host, settings.Cluster.BindHost, settings.Cluster.Port, settings.Cluster.LeaveTimeout,
                settings.Cluster.Tls.IsOn));
        var discovery = settings.Cluster.Discovery;
        Assert.Equal(("", "zerocopy", 2), (discovery.Method, discovery.Service, discovery.ContactPoints));
        var transfer = settings.Cluster.Transfer;
        Assert.Equal(
            (0, 0, 32, 4, TimeSpan.FromSeconds(10)),
            (transfer.Port, transfer.Rate, transfer.MaxSends, transfer.MaxReceives, transfer.StallTimeout));
        Assert.Equal(new ServingSettings(), settings.Serving);
        Assert.Equal((8080, 268435456L, 256, 268435456, 64, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
            (settings.Serving.Port, settings.Serving.MaxBody, settings.Serving.MaxTensors, settings.Serving.MaxElements,
                settings.Serving.MaxJsonDepth, settings.Serving.RetryAfter, settings.Serving.DrainDelay));
        Assert.Equal((false, null), (settings.Serving.AccessLog, settings.Serving.Tls));
        Assert.Empty(settings.Serving.ApiKeys);
        Assert.Equal(new TelemetrySettings(), settings.Telemetry);
        Assert.Equal((true, null), (settings.Telemetry.Metrics, settings.Telemetry.OtlpEndpoint));
        Assert.Equal((null, false), (settings.Serving.GrpcPort, settings.Serving.SharedMemory));
        Assert.Equal(8081, ZeroCopySettings.From("zerocopy.serving.grpc-port = 8081").Serving.GrpcPort);
        var pool = settings.Inference.PoolDefaults;
        Assert.Equal(new PoolSettings(), pool);
        Assert.Equal((Environment.ProcessorCount, RoutingStrategy.SmallestMailbox, 4096, null),
            (pool.Size, pool.Router, pool.QueueCapacity, pool.Deadline));
        Assert.Equal(5, pool.RenewAfterFailures);
        var never = ZeroCopySettings.From("zerocopy.inference.pools.bert.renew-after-failures = 0");
        Assert.Equal(0, never.Inference.Pool("bert").RenewAfterFailures);
        Assert.Equal(
            (5, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)),
            (pool.Load.Attempts, pool.Load.MinBackoff, pool.Load.MaxBackoff));
    }

    [Fact]
    public void ZeroCopySettings_should_name_everything_that_is_wrong_with_a_node()
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From("""
            zerocopy.cluster {
              bind-host = "a b"
              seeds = ["10.0.0.7:4053", "10.0.0.7", "akka.tcp://zerocopy@host:1", "http://host:1"]
              transfer { rate = fast, max-sends = 0 }
              tls.key = node.key
              discovery.method = config
            }
            """));

        Assert.Equal<string>(
            [
                "zerocopy.cluster.bind-host is 'a b' but must be the name or address of a host",
                "zerocopy.cluster.seeds is '10.0.0.7' but must be a list of addresses of nodes, each HOST:PORT or "
                    + "akka.tcp://SYSTEM@HOST:PORT, with a port from 1 to 65535",
                "zerocopy.cluster.seeds is 'http://host:1' but must be a list of addresses of nodes, each HOST:PORT or "
                    + "akka.tcp://SYSTEM@HOST:PORT, with a port from 1 to 65535",
                "zerocopy.cluster.transfer.rate is 'fast' but must be a number of bytes such as 8g, or 0",
                "zerocopy.cluster.transfer.max-sends is '0' but must be a whole number from 1 to 4096",
                "zerocopy.cluster.tls.certificate is '' but must be the file of the node's certificate where other keys of tls are set",
                "zerocopy.cluster.seeds is '10.0.0.7:4053, 10.0.0.7, akka.tcp://zerocopy@host:1, http://host:1' but must be empty where "
                    + "zerocopy.cluster.discovery has a method",
            ],
            thrown.Problems);
    }

    [Fact]
    public void ZeroCopySettings_should_read_lists_wherever_they_stand()
    {
        var settings = ZeroCopySettings.From("""
            zerocopy.cluster { port = 0, roles = [ client, gpu ] }
            zerocopy.cluster { seeds = [
                "10.0.0.7:4053"
                "10.0.0.8:4053"
              ] }
            """).Cluster;

        Assert.Equal<string>(["client", "gpu"], settings.Roles);
        Assert.Equal<string>(["10.0.0.7:4053", "10.0.0.8:4053"], settings.Seeds);
    }

    [Fact]
    public void ZeroCopySettings_should_read_a_pool_that_is_declared_with_a_model()
    {
        var defaults = ZeroCopySettings.From("").Inference.PoolDefaults;
        Assert.Equal((null, "", "cpu", true), (defaults.Model?.ToString(), defaults.Method, defaults.Device, defaults.Follow));

        var pool = ZeroCopySettings.From("""
            zerocopy.inference.pool-defaults.device = "cuda:1"
            zerocopy.inference.pools.bert { model = "bert@3", method = encode, follow = off }
            """).Inference.Pool("bert");

        Assert.Equal(("bert@3", "encode", "cuda:1", false), (pool.Model?.ToString(), pool.Method, pool.Device, pool.Follow));
        Assert.Null(ZeroCopySettings.From("zerocopy.inference.idle-timeout = infinite").Inference.IdleTimeout);
    }

    [Theory]
    [InlineData("pools.bert { model = \"b ert\" }", "pools.bert.model is 'b ert' but must be NAME or NAME@VERSION of a model")]
    [InlineData("pools.bert { method = encode }", "pools.bert.method is 'encode' but must be left out where there is no model")]
    [InlineData("pools.\"b ert\" { model = bert }", "must be that of a pool whose name can be an address")]
    [InlineData("pools.bert { device = tpu }", "pools.bert.device is 'tpu' but must be cpu, cuda, cuda:N or mps")]
    [InlineData("pools.bert { modell = bert }", "pools.bert.modell is no setting: zerocopy.inference.pools.bert.model is probably meant")]
    [InlineData("pool-defaults { model = bert }", "pool-defaults.model is no setting")]
    public void ZeroCopySettings_should_refuse_a_pool_that_is_declared_wrongly(string hocon, string problem)
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From($"zerocopy.inference {{ {hocon} }}"));

        Assert.Contains(problem, Assert.Single(thrown.Problems), StringComparison.Ordinal);
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
    public void ZeroCopySettings_should_read_how_requests_are_padded()
    {
        var settings = ZeroCopySettings.From("""
            zerocopy.batching { pad-buckets = [16, 32], pad-inputs = ["ids=0", "types = -1.5"], pad-mask = mask }
            zerocopy.inference.pool-defaults.batching.enabled = on
            zerocopy.inference.pools.own.batching { pad-buckets = [8], pad-inputs = ["x=0"] }
            zerocopy.inference.pools.none.batching { pad-buckets = [], pad-inputs = [] }
            """);
        var (all, own) = (settings.Inference.Pool("other").Batching!.Padding!, settings.Inference.Pool("own").Batching!.Padding!);
        Assert.Equal([16, 32], all.Buckets.ToArray());
        Assert.Equal([("ids", 0), ("types", -1.5)], all.Inputs.Select(input => (input.Key, input.Value)));
        Assert.Equal("mask", all.Mask);
        Assert.Equal([8], own.Buckets.ToArray());
        Assert.Equal("", own.Mask);
        Assert.Null(settings.Inference.Pool("none").Batching!.Padding);
        Assert.Null(ZeroCopySettings.From("").Batching.Padding);
    }

    [Theory]
    [InlineData("pad-buckets = [16, 8], pad-inputs = [\"x=0\"]", "pad-buckets is '16, 8' but must be whole numbers above zero in")]
    [InlineData("pad-buckets = [0], pad-inputs = [\"x=0\"]", "pad-buckets is '0' but must be whole numbers above zero in ascending")]
    [InlineData("pad-buckets = [8], pad-inputs = [x]", "pad-inputs is 'x' but must be NAME=NUMBER")]
    [InlineData("pad-buckets = [8], pad-inputs = [\"x=0\", \"x=1\"]", "pad-inputs is 'x=1' but must be NAME=NUMBER, each name once")]
    [InlineData("pad-buckets = [8]", "pad-inputs is '' but must be given where")]
    [InlineData("pad-inputs = [\"x=0\"]", "pad-buckets is '' but must be given where")]
    [InlineData("pad-buckets = [8], pad-inputs = [\"x=0\"], pad-mask = x", "pad-mask is 'x' but must be none of pad-inputs")]
    [InlineData("pad-mask = x", "pad-buckets is '' but must be given where pad-mask is")]
    public void ZeroCopySettings_should_refuse_padding_that_says_nothing(string hocon, string problem)
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From($"zerocopy.batching {{ {hocon} }}"));

        Assert.Contains(problem, Assert.Single(thrown.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cluster.roles = []", "cluster.roles is '[]' but must be a list of one role or more, such as [inference] or [client]")]
    [InlineData(
        "cluster.discovery { method = config, service = \"\" }",
        "cluster.discovery.service is '' but must be what the nodes are called where discovery has a method")]
    [InlineData(
        "inference.pools.own.load { min-backoff = 2s, max-backoff = 1s }",
        "inference.pools.own.load.max-backoff is '1s' but must be min-backoff, 2s, or longer")]
    [InlineData(
        "inference.pools.own.load.min-backoff = 11s",
        "inference.pools.own.load.max-backoff is '10s' but must be min-backoff, 11s, or longer")]
    [InlineData(
        "inference.pools.own { size = 9, resizer.enabled = on }",
        "inference.pools.own.size is '9' but must be 1 to 8, resizer.min-size to resizer.max-size, as a pool starts within them")]
    [InlineData(
        "inference.pools.own { size = 1, resizer { enabled = on, min-size = 2 } }",
        "inference.pools.own.size is '1' but must be 2 to 8, resizer.min-size to resizer.max-size, as a pool starts within them")]
    [InlineData(
        "inference.pools.own.batching.max-rows = 8",
        "inference.pools.own.batching.enabled is not set but must be on, or off, where batching has other keys")]
    [InlineData(
        "inference.pools.own.resizer.max-size = 3",
        "inference.pools.own.resizer.enabled is not set but must be on, or off, where resizer has other keys")]
    public void ZeroCopySettings_should_refuse_what_means_nothing_together(string hocon, string problem)
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From($"zerocopy.{hocon}"));

        Assert.Equal($"zerocopy.{problem}", Assert.Single(thrown.Problems));
    }

    [Theory]
    [InlineData("pools.own.batching { enabled = off, max-rows = 8 }")]
    [InlineData("pools.own { batching { }\n resizer { } }")]
    [InlineData("pool-defaults { batching.max-rows = 8, resizer.max-size = 3 }")]
    [InlineData("pool-defaults.batching.enabled = on, zerocopy.inference.pools.own.batching.max-rows = 8")]
    public void ZeroCopySettings_should_take_bounds_that_are_kept_for_later(string hocon) =>
        ZeroCopySettings.From($"zerocopy.inference.{hocon}");

    [Theory]
    [InlineData("pad-buckets = [8]", "zerocopy.inference.pools.own.batching.pad-inputs is not set but must be given where")]
    [InlineData("pad-inputs = [\"x=0\"]", "zerocopy.inference.pools.own.batching.pad-buckets is not set but must be given where")]
    public void ZeroCopySettings_should_name_what_a_pool_lacks_for_its_padding(string hocon, string problem)
    {
        var thrown = Assert.Throws<InvalidSettingsException>(
            () => ZeroCopySettings.From($"zerocopy.inference.pools.own.batching {{ enabled = on, {hocon} }}"));

        Assert.StartsWith(problem, Assert.Single(thrown.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroCopySettings_should_name_all_problems_at_once()
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From("""
            zerocopy.object-store { mapping = sideways, put-deadline = soon, capacity = much }
            zerocopy.tasks.queue-capacity = 0
            zerocopy.inference.pools.bert { size = many, router = random, batching.enabled = perhaps, sise = 4 }
            zerocopy.inference.instances { isolation = total, max-idle = -1 }
            zerocopy.inference.pools.other = 5
            zerocopy.inference.dispatcher.callers = anywhere
            zerocopy.tusks.deadline = 5s
            """));
        Assert.Equal(13, thrown.Problems.Length);
        Assert.Contains(
            "zerocopy.inference.pools.bert.router is 'random' but must be one of smallest-mailbox",
            thrown.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("object-store.put-deadline")]
    [InlineData("batching.max-delay")]
    [InlineData("batching.deadline-margin")]
    [InlineData("tasks.deadline")]
    [InlineData("tasks.drain-timeout")]
    [InlineData("inference.drain-timeout")]
    [InlineData("serving.retry-after")]
    [InlineData("serving.drain-delay")]
    [InlineData("inference.pool-defaults.deadline")]
    [InlineData("inference.pools.bert.load.min-backoff")]
    [InlineData("inference.pools.bert.load.max-backoff")]
    public void ZeroCopySettings_should_refuse_times_that_nothing_can_wait_out(string key)
    {
        ZeroCopySettings.From($"zerocopy.inference.pool-defaults.load.max-backoff = 49d, zerocopy.{key} = 49d");
        foreach (var time in new[] { "50d", "60d", "10000000d", "0s", "-1ms", "-5s" })
        {
            var problem = Assert.Single(
                Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From($"zerocopy.{key} = {time}")).Problems);
            Assert.Equal($"zerocopy.{key} is '{time}' but must be a time above zero and at most 49 days, such as 250ms or 30s", problem);
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("zerocopy.tasks.dispatcher.executor = fork-join-executor", false)]
    public void ZeroCopySettings_should_read_where_tasks_compute(string hocon, bool onThreadPool) =>
        Assert.Equal(onThreadPool, ZeroCopySettings.From(hocon).Tasks.UsesThreadPool);

    [Theory]
    [InlineData("", false)]
    [InlineData("zerocopy.inference.dispatcher.callers = thread-pool", false)]
    [InlineData("zerocopy.inference.dispatcher.callers = compute-threads", true)]
    public void ZeroCopySettings_should_read_where_callers_go_on(string hocon, bool keeps) =>
        Assert.Equal(keeps, ZeroCopySettings.From(hocon).Inference.KeepsCallers);

    [Fact]
    public void ZeroCopySettings_should_read_the_assemblies_with_model_types() => Assert.Equal(
        ["one.dll", "/two.dll"], [.. ZeroCopySettings.From("zerocopy.models.assemblies = [\"one.dll\", \"/two.dll\"]").Models.Assemblies]);

    [Theory]
    [InlineData("[]")]
    [InlineData("\"\"")]
    [InlineData("\" \"")]
    [InlineData("null")]
    public void ZeroCopySettings_should_take_blank_and_null_for_an_empty_list(string value)
    {
        var settings = ZeroCopySettings.From($"zerocopy {{ models.assemblies = {value}, cluster.seeds = {value} }}");

        Assert.Empty(settings.Models.Assemblies);
        Assert.Empty(settings.Cluster.Seeds);
    }

    [Theory]
    [InlineData("one.dll")]
    [InlineData("[\"\"]")]
    [InlineData("[[\"one.dll\"]]")]
    [InlineData("[{ a = 1 }]")]
    public void ZeroCopySettings_should_refuse_assemblies_that_are_no_list_of_texts(string value)
    {
        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From($"zerocopy.models.assemblies = {value}"));

        Assert.Contains("but must be a list of texts", Assert.Single(thrown.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroCopySettings_should_read_how_many_versions_stay() =>
        Assert.Equal(3, ZeroCopySettings.From("zerocopy.object-store.keep-versions = 3").ObjectStore.KeepVersions);

    [Fact]
    public void ZeroCopySettings_should_read_the_isolation_of_instances()
    {
        var instances = ZeroCopySettings.From("zerocopy.inference.instances { isolation = mappings, max-idle = 3 }").Inference.Instances;

        Assert.Equal(new InstanceSettings { Isolation = InstanceIsolation.Mappings, MaxIdle = 3 }, instances);
        Assert.Equal(
            InstanceIsolation.Buffers,
            ZeroCopySettings.From("zerocopy.inference.instances.isolation = buffers").Inference.Instances.Isolation);
    }

    [Theory]
    [InlineData(
        "zerocopy.tasks.max-concurency = 3",
        "zerocopy.tasks.max-concurency is no setting: zerocopy.tasks.max-concurrency is probably meant")]
    [InlineData("zerocopy.object-stor.prefault = on", "zerocopy.object-stor is no setting: zerocopy.object-store is probably meant")]
    [InlineData("zerocopy.capacity = 8g", "zerocopy.capacity is no setting: zerocopy.object-store.capacity is probably meant")]
    [InlineData(
        "zerocopy.batching.colour = red",
        "zerocopy.batching.colour is no setting: zerocopy.batching has adaptive, deadline-margin, max-delay, max-rows, "
        + "pad-buckets, pad-inputs, pad-mask, verify")]
    [InlineData(
        "zerocopy.inference.pools.bert.sise = 3",
        "zerocopy.inference.pools.bert.sise is no setting: zerocopy.inference.pools.bert.size is probably meant")]
    [InlineData("zerocopy.inference.pools.\"bert.v2\".batching { enabled = on, max-row = 3 }",
        "zerocopy.inference.pools.\"bert.v2\".batching.max-row is no setting: "
        + "zerocopy.inference.pools.\"bert.v2\".batching.max-rows is probably meant")]
    [InlineData("zerocopy.inference.pool-defaults.resizer.max = 3",
        "zerocopy.inference.pool-defaults.resizer.max is no setting: "
        + "zerocopy.inference.pool-defaults.resizer has backoff-rate, backoff-threshold, enabled, "
        + "max-size, messages-per-resize, min-size, pressure-threshold, rampup-rate")]
    [InlineData("zerocopy.inference.pools.bert = 4", "zerocopy.inference.pools.bert is '4' but must be a section")]
    [InlineData("zerocopy.inference.pools.bert.load = 4", "zerocopy.inference.pools.bert.load is '4' but must be a section")]
    [InlineData("zerocopy.tasks = 4", "zerocopy.tasks is '4' but must be a section")]
    [InlineData("zerocopy.tasks.queue-capacity.most = 4", "zerocopy.tasks.queue-capacity is a section but must be a value")]
    [InlineData("zerocopy = 4", "zerocopy is '4' but must be a section")]
    public void ZeroCopySettings_should_refuse_a_key_that_does_not_exist(string hocon, string problem) =>
        Assert.Equal(problem, Assert.Single(Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From(hocon)).Problems));

    [Fact]
    public void ZeroCopySettings_should_find_a_key_that_does_not_exist_in_any_layer()
    {
        var config = ConfigurationFactory.ParseString("zerocopy.tasks.first = 1")
            .WithFallback("zerocopy.tasks.second = 2").WithFallback("zerocopy { third = 3, tasks.queue-capacity = 0 }")
            .WithFallback(ZeroCopySettings.Reference);

        var problems = Assert.Throws<InvalidSettingsException>(() => ZeroCopySettings.From(config)).Problems;

        Assert.Equal(4, problems.Length);
        Assert.All(
            ["zerocopy.tasks.first", "zerocopy.tasks.second", "zerocopy.third", "zerocopy.tasks.queue-capacity is '0'"],
            key => Assert.Contains(problems, problem => problem.StartsWith(key, StringComparison.Ordinal)));
    }

    [Fact]
    public void ZeroCopySettings_should_leave_dispatchers_to_Akka_and_names_of_pools_to_the_user()
    {
        var settings = ZeroCopySettings.From("""
            zerocopy.inference.dispatcher { executor = thread-pool-executor, thread-pool-executor.whatever = 3 }
            zerocopy.tasks.dispatcher.shutdown-timeout = 1s
            zerocopy.inference.pools."bert.v2".batching { enabled = on, max-rows = 3 }
            zerocopy.inference.pools.any-name { size = 2 }
            zerocopy.inference.pools.any-name.load.attempts = 3
            zerocopy.inference.pool-defaults.batching.max-delay = 9ms
            """);

        Assert.Equal(3, settings.Inference.Pool("bert.v2").Batching?.MaxRows);
        var pool = settings.Inference.Pool("any-name");
        Assert.Equal((2, 3, 5), (pool.Size, pool.Load.Attempts, settings.Inference.PoolDefaults.Load.Attempts));
    }

    [Fact]
    public void Overlays_should_use_only_settings_that_exist()
    {
        var files = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "hocon"), "*.conf");

        Assert.NotEmpty(files);
        Assert.All(files, file => ZeroCopySettings.From(ConfigurationFactory.ParseString(File.ReadAllText(file))));
    }

    private static IEnumerable<string> KeysOf(HoconValue value, string path) => value.IsObject()
        ? value.GetObject().Items.SelectMany(item => KeysOf(item.Value, $"{path}.{item.Key}")).Append(path)
        : [path];
}
