using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace ZeroCopy.Node.Tests.Containers;

/// <summary>The compose file of three nodes.</summary>
public sealed class ComposeSpecs
{
    private static readonly Dictionary<object, object> File = new DeserializerBuilder().Build()
        .Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(ContainerNode.Text("compose.yaml")))));

    private static readonly Dictionary<object, object> Services = (Dictionary<object, object>)File["services"];

    public static TheoryData<string> Names => [.. Services.Keys.Cast<string>()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Compose_should_start_a_node_by_the_name_that_others_resolve(string name)
    {
        var node = Node(name);

        Assert.Equal((name, name), (node.Host, (string)Service(name)["hostname"]));
        Assert.Equal("0.0.0.0", node.Settings.Cluster.BindHost);
        Assert.Equal(Services.Keys.Select(other => $"{other}:{node.Settings.Cluster.Port}"), node.Seeds);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Compose_should_wait_for_a_node_that_ends(string name)
    {
        var text = (string)Service(name)["stop_grace_period"];
        var grace = TimeSpan.FromSeconds(int.Parse(text.TrimEnd('s'), CultureInfo.InvariantCulture));

        Assert.True(grace >= Node(name).LongestEnd, $"{grace} is less than {Node(name).LongestEnd}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Compose_should_publish_the_port_of_http_and_mount_a_store(string name)
    {
        var port = Assert.IsType<string>(Assert.Single((List<object>)Service(name)["ports"]));

        Assert.EndsWith($":{Node(name).Settings.Serving.Port}", port, StringComparison.Ordinal);
        Assert.Contains(Volume(name), ((Dictionary<object, object>)File["volumes"]).Keys);
    }

    [Fact]
    public void Compose_should_have_two_nodes_on_one_store_and_one_on_another() =>
        Assert.Equal([2, 1], Services.Keys.Cast<string>().GroupBy(Volume).Select(nodes => nodes.Count()));

    private static Dictionary<object, object> Service(string name) => (Dictionary<object, object>)Services[name];

    private static ContainerNode Node(string name) =>
        new(((List<object>)Service(name)["command"]).Cast<string>(), ContainerNode.Text("node.conf"));

    private static string Volume(string name)
    {
        var mount = Assert.IsType<string>(Assert.Single((List<object>)Service(name)["volumes"])).Split(':');
        Assert.Equal("/store", mount[1]);
        return mount[0];
    }
}
