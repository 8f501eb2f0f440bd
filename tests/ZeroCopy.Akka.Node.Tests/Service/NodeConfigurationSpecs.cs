using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Service;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

public sealed class NodeConfigurationSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void NodeConfiguration_should_lay_the_options_over_the_file()
    {
        var configuration = Read("""
            zerocopy {
              object-store.capacity = 7m
              cluster { host = localhost, port = 1 }
              serving { port = 1, max-tensors = 7 }
            }
            """);

        var settings = configuration.Settings;
        Assert.Equal((7L << 20, 7), (settings.ObjectStore.CapacityBytes, settings.Serving.MaxTensors));
        Assert.Equal(("127.0.0.1", 0, 0), (settings.Cluster.Host, settings.Cluster.Port, settings.Serving.Port));
        Assert.Equal(_directory.File("store"), settings.ObjectStore.Directory);
        Assert.Equal(IPAddress.Loopback, configuration.Address);
    }

    [Fact]
    public void NodeConfiguration_should_listen_elsewhere_than_it_is_reached()
    {
        var configuration = Read("""
            zerocopy.cluster { bind-host = 0.0.0.0, seeds = ["10.0.0.7:4053"] }
            """, Request() with { Seeds = ["10.0.0.8:4053", "akka.tcp://zerocopy@10.0.0.9:4053"] });

        Assert.Equal((IPAddress.Any, "127.0.0.1"), (configuration.Address, configuration.Settings.Cluster.Host));
        Assert.Equal<string>(["10.0.0.8:4053", "akka.tcp://zerocopy@10.0.0.9:4053"], configuration.Settings.Cluster.Seeds);
    }

    [Fact]
    public void NodeConfiguration_should_name_everything_that_is_wrong_with_the_cluster()
    {
        var problems = Problems("""
            zerocopy.cluster {
              bind-host = no-such-host.invalid
              seeds = ["akka.tcp://other@10.0.0.7:4053"]
              tls.certificate = none.pem
            }
            """, Request());

        Assert.Collection(
            problems,
            problem => Assert.StartsWith(
                "host 'no-such-host.invalid' does not resolve (zerocopy.cluster.bind-host)", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith(
                "seed 'akka.tcp://other@10.0.0.7:4053' is of an actor system called other", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith(
                "'none.pem' cannot be read (zerocopy.cluster.tls.certificate)", problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("off")]
    [InlineData("\"\"")]
    public void NodeConfiguration_should_refuse_a_split_brain_strategy_that_is_none(string strategy) => Assert.Equal(
        $"akka.cluster.split-brain-resolver.active-strategy is '{strategy.Trim('"')}' but must be one of down-all, keep-majority, "
        + "keep-oldest, lease-majority, static-quorum",
        Assert.Single(Problems($"akka.cluster.split-brain-resolver.active-strategy = {strategy}", Request())));

    [Theory]
    [InlineData("split-brain-resolver.active-strategy = Keep-Oldest")]
    [InlineData("""
        downing-provider-class = "Akka.Cluster.SplitBrainResolver, Akka.Cluster"
        split-brain-resolver.active-strategy = keep-referee
        """)]
    public void NodeConfiguration_should_take_a_strategy_of_the_one_that_downs(string settings) =>
        Assert.True(Read($"akka.cluster {{ {settings} }}").Config.HasPath("akka.cluster.split-brain-resolver.active-strategy"));

    [Fact]
    public void NodeConfiguration_should_need_no_file() =>
        Assert.Empty(NodeConfiguration.Read(Request()).Settings.Inference.Pools);

    [Fact]
    public void NodeConfiguration_should_declare_a_pool_for_each_model_to_serve()
    {
        var pools = Read(
            """zerocopy.inference { pool-defaults.size = 3, pools.bert { model = "bert@3", size = 1 } }""",
            Request() with { Serve = [new ModelName("bert", 3), new ModelName("detector.v2"), new ModelName("detector.v2")] })
            .Settings.Inference.Pools;

        Assert.Equal(["bert", "detector.v2"], pools.Keys);
        Assert.Equal((new ModelName("bert", 3), 1), (pools["bert"].Model, pools["bert"].Size));
        Assert.Equal((new ModelName("detector.v2"), 3), (pools["detector.v2"].Model, pools["detector.v2"].Size));
    }

    [Fact]
    public void NodeConfiguration_should_refuse_two_models_to_serve_by_one_name()
    {
        var pool = """zerocopy.inference.pools.bert.model = "bert@3" """;

        Assert.Contains(
            "zerocopy.inference.pools.bert has the model",
            Assert.Single(Problems(pool, Request() with { Serve = [new ModelName("bert", 4)] })), StringComparison.Ordinal);
        Assert.Contains(
            "--serve has two versions of bert",
            Assert.Single(Problems("", Request() with { Serve = [new ModelName("bert", 3), new ModelName("bert", 4)] })),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a {", "is not HOCON (--config): '{' in line 1 is not closed")]
    [InlineData("a = ${", "is not HOCON (--config)")]
    [InlineData("zerocopy { } , b = 2", "b in '")]
    [InlineData("include \"missing.conf\"", "/missing.conf', which '")]
    [InlineData("zerocopy { include \"node.conf\" }", "is not HOCON (--config): it includes itself: ")]
    [InlineData("this is a letter", "is no setting (--config): a node's settings are under zerocopy and akka")]
    [InlineData("serving.port = 1", "serving in")]
    [InlineData("zerocopy = 5", "is '5' but must be a section (--config)")]
    [InlineData("zerocopy.servin.port = 1", "zerocopy.servin is no setting: zerocopy.serving is probably meant")]
    [InlineData("zerocopy.serving = 5", "zerocopy.serving is '5' but must be a section")]
    [InlineData("zerocopy.serving.port = 70000", "zerocopy.serving.port is '70000' but must be a whole number from 0 to 65535")]
    [InlineData("zerocopy.serving.max-body = 0", "zerocopy.serving.max-body is '0' but must be a number of bytes such as 8g")]
    [InlineData("zerocopy.cluster.host = \"a b\"", "zerocopy.cluster.host is 'a b' but must be the name or address of a host")]
    public void NodeConfiguration_should_refuse_a_file_in_one_line(string file, string words) =>
        Assert.Contains(words, Assert.Single(Problems(file, Request())), StringComparison.Ordinal);

    [Fact]
    public void NodeConfiguration_should_read_what_a_file_includes_from_beside_it()
    {
        Directory.CreateDirectory(_directory.File("more"));
        File.WriteAllText(_directory.File("more/serving.conf"), "max-tensors = 3, max-json-depth = 5");
        File.WriteAllText(_directory.File("all.conf"), """
            zerocopy { serving { include "more/serving.conf" } }, akka.loglevel = ERROR
            akka.stdout-loglevel = ${akka.loglevel}
            """);

        var read = Read("include \"all.conf\"\nzerocopy { serving { max-tensors = 7 }, cluster { } }");

        Assert.Equal((7, 5), (read.Settings.Serving.MaxTensors, read.Settings.Serving.MaxJsonDepth));
        Assert.Equal("ERROR", read.Config.GetString("akka.loglevel"));
        Assert.Equal("ERROR", read.Config.GetString("akka.stdout-loglevel"));
    }

    [Fact]
    public void NodeConfiguration_should_name_an_included_file_that_is_no_hocon()
    {
        File.WriteAllText(_directory.File("other.conf"), "zerocopy {");
        File.WriteAllText(_directory.File("middle.conf"), "include \"other.conf\"");

        var problem = Assert.Single(Problems("include \"middle.conf\"", Request()));

        Assert.EndsWith(
            $"in '{_directory.File("other.conf")}', which '{_directory.File("middle.conf")}' includes: '{{' in line 1 is not closed",
            problem, StringComparison.Ordinal);
    }

    [Fact]
    public void NodeConfiguration_should_name_every_problem_at_once()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        Directory.CreateDirectory(_directory.File("store"));
        File.WriteAllText(_directory.File("store/store.json"), "{\"layout\":99}");

        var problems = Assert.Throws<NodeStartException>(() => NodeConfiguration.Read(Request() with
        {
            ConfigFile = _directory.File("missing.conf"),
            Port = port,
            HttpPort = port,
            Models = ["nothing.dll"],
        })).Problems;

        Assert.Collection(
            problems,
            problem => Assert.Contains($"there is no file '{_directory.File("missing.conf")}'", problem, StringComparison.Ordinal),
            problem => Assert.Equal(
                $"port {port} is set more than once (--port, zerocopy.cluster.port; --http, zerocopy.serving.port)", problem),
            problem => Assert.Equal(
                $"port {port} of 127.0.0.1 is in use (--port, zerocopy.cluster.port; --http, zerocopy.serving.port)", problem),
            problem => Assert.Contains("nothing.dll", problem, StringComparison.Ordinal),
            problem => Assert.Contains($"The store in {_directory.File("store")} has layout 99", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void NodeConfiguration_should_check_a_file_with_a_wrong_key_further()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        var problems = Problems($$"""
            servin.port = 1
            akka = 5
            zerocopy {
              servin.port = 1
              serving { port = 70000, tls { certificate = none.pem, key = none.key } }
              cluster { transfer.port = {{port}}, host = "a b", bind-host = 127.0.0.1, seeds = ["akka.tcp://other@10.0.0.7:4053"] }
              inference.pools.bert { model = "bert@3", size = -1 }
            }
            """, Request() with { Host = null, Serve = [new ModelName("bert", 4)], Models = ["nothing.dll"] });

        Assert.Collection(
            problems,
            problem => Assert.StartsWith("servin in '", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("akka in '", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("zerocopy.servin is no setting", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("zerocopy.inference.pools.bert.size is '-1'", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("zerocopy.cluster.host is 'a b'", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("zerocopy.serving.port is '70000'", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("--serve bert@4: zerocopy.inference.pools.bert has", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith($"port {port} of 127.0.0.1 is in use", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("seed 'akka.tcp://other@10.0.0.7:4053' is of", problem, StringComparison.Ordinal),
            problem => Assert.Contains("none.", problem, StringComparison.Ordinal),
            problem => Assert.Contains("nothing.dll", problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("zerocopy.inference = 5")]
    [InlineData("zerocopy.inference.pools = 5")]
    [InlineData("zerocopy.inference.pools.bert = 5")]
    [InlineData("zerocopy.cluster = 5")]
    [InlineData("zerocopy.object-store.directory = \"a\\u0000b\"")]
    [InlineData("akka.cluster = 5")]
    public void NodeConfiguration_should_check_a_file_with_a_wrong_section_further(string file)
    {
        var problems = Problems(
            $"{file}, zerocopy.batching.verify = 3", Request() with { Serve = [new ModelName("bert", 4)], Models = ["nothing.dll"] });

        Assert.Contains(problems, problem => problem.StartsWith("zerocopy.batching.verify is '3'", StringComparison.Ordinal));
        Assert.Contains("nothing.dll", problems[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void NodeConfiguration_should_make_no_store_where_something_else_is_wrong()
    {
        Problems("zerocopy.servin.port = 1", Request());

        Assert.False(Directory.Exists(_directory.File("store")));
    }

    [Fact]
    public void NodeConfiguration_should_refuse_a_host_that_does_not_resolve() => Assert.StartsWith(
        "host 'no-such-host.invalid' does not resolve (--host, zerocopy.cluster.host)",
        Assert.Single(Problems("", Request() with { Host = "no-such-host.invalid" })), StringComparison.Ordinal);

    private NodeConfiguration Read(string file, NodeRequest? request = null)
    {
        File.WriteAllText(_directory.File("node.conf"), file);
        return NodeConfiguration.Read((request ?? Request()) with { ConfigFile = _directory.File("node.conf") });
    }

    private ImmutableArray<string> Problems(string file, NodeRequest request) =>
        Assert.Throws<NodeStartException>(() => Read(file, request)).Problems;

    private NodeRequest Request() => new() { StoreDirectory = _directory.File("store"), Host = "127.0.0.1", Port = 0, HttpPort = 0 };
}
