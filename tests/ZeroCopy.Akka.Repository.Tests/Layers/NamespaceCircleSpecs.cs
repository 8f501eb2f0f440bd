using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;

namespace ZeroCopy.Repository.Tests.Layers;

/// <summary>
/// A folder can be read and understood when everything that it uses stands below it: namespaces of a project never use each other in a
/// circle.
/// </summary>
public sealed class NamespaceCircleSpecs
{
    public static TheoryData<string> Projects =>
        [.. LayerSpecs.Allowed.Select(row => (string)row[0]), "ZeroCopy.Akka.Samples.ClusterCalls"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespaces_should_not_depend_on_each_other_in_a_circle(string assembly)
    {
        var graph = new NamespaceGraph(new ArchLoader().LoadAssembly(Assembly.Load(assembly)).Build());

        var circles = graph.Circles();
        Assert.True(circles.Count == 0, string.Join(Environment.NewLine, circles));
    }

    [Fact]
    public void NamespaceGraph_should_name_the_types_that_close_a_circle()
    {
        var architecture = new ArchLoader().LoadNamespacesWithinAssembly(
            typeof(NamespaceCircleSpecs).Assembly, "ZeroCopy.Repository.Tests.Layers.Circle").Build();

        Assert.Equal(
            [
                "ZeroCopy.Repository.Tests.Layers.Circle -> ZeroCopy.Repository.Tests.Layers.Circle.Inner: Outer uses Used",
                "ZeroCopy.Repository.Tests.Layers.Circle.Inner -> ZeroCopy.Repository.Tests.Layers.Circle: Using uses Base",
            ],
            new NamespaceGraph(architecture).Circles());
    }
}
