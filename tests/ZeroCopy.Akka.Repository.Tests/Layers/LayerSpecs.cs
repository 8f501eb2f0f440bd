using Assembly = System.Reflection.Assembly;

namespace ZeroCopy.Repository.Tests.Layers;

/// <summary>
/// Dependencies point down one list only: Node, Bench, ZeroCopy.Akka, then Actors and Torch side by side, then Core. Serving and Datasets
/// stand beside ZeroCopy.Akka and see Core alone, as Client does for its endpoints, and Clustering Actors too.
/// </summary>
public sealed class LayerSpecs
{
    private const string Core = "ZeroCopy.Akka.Core";
    private const string Torch = "ZeroCopy.Akka.Torch";
    private const string Actors = "ZeroCopy.Akka.Actors";
    private const string Datasets = "ZeroCopy.Akka.Datasets";
    private const string Clustering = "ZeroCopy.Akka.Clustering";
    private const string Serving = "ZeroCopy.Akka.Serving";
    private const string Client = "ZeroCopy.Akka.Client";
    private const string Product = "ZeroCopy.Akka";
    private const string Bench = "ZeroCopy.Akka.Bench";
    private const string Node = "zerocopy";

    /// <summary>What each of our assemblies may reference of the others, whether its code uses it or not.</summary>
    public static TheoryData<string, string[]> Allowed => new()
    {
        { Core, [] },
        { Torch, [Core] },
        { Actors, [Core] },
        { Datasets, [Core] },
        { Serving, [Core] },
        { Client, [Core] },
        { Clustering, [Core, Actors] },
        { Product, [Core, Torch, Actors] },
        { Bench, [Core, Torch, Actors, Datasets, Serving, Client, Product, Clustering] },
        { Node, [Core, Torch, Actors, Datasets, Serving, Client, Clustering, Product, Bench] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Assembly_should_reference_only_the_layers_below(string assembly, string[] allowed)
    {
        var ours = References(assembly).Where(name => name.StartsWith("ZeroCopy", StringComparison.Ordinal) || name == Node);

        Assert.Empty(ours.Except(allowed));
    }

    [Fact]
    public void Core_should_reference_the_base_class_library_only()
    {
        var foreign = References(Core).Where(
            name => !name.StartsWith("System", StringComparison.Ordinal) && name is not ("Microsoft.Win32.Primitives" or "netstandard"));

        Assert.Empty(foreign);
    }

    [Theory]
    [InlineData(Actors, "TorchSharp")]
    [InlineData(Torch, "Akka")]
    [InlineData(Datasets, "TorchSharp")]
    [InlineData(Datasets, "Akka")]
    [InlineData(Serving, "TorchSharp")]
    [InlineData(Serving, "Akka")]
    [InlineData(Client, "TorchSharp")]
    [InlineData(Client, "Akka")]
    [InlineData(Client, "Microsoft.AspNetCore")]
    public void Assembly_should_not_reference_the_other_sides_library(string assembly, string library) =>
        Assert.DoesNotContain(References(assembly), name => name == library || name.StartsWith(library + ".", StringComparison.Ordinal));

    /// <summary>A namespace segment of one of these names hides a type or namespace of Akka from code inside ours.</summary>
    [Theory]
    [InlineData("Akka")]
    [InlineData("Cluster")]
    [InlineData("Actor")]
    [InlineData("Props")]
    [InlineData("Serialization")]
    public void Namespaces_should_not_have_a_segment_that_hides_a_name_of_Akka(string segment)
    {
        var offending = OurTypes().Where(type => (type.Namespace ?? "").Split('.').Contains(segment));

        Assert.Empty(offending);
    }

    [Fact]
    public void Actors_should_be_internal_and_sealed()
    {
        var actors = OurTypes().Where(type => typeof(Akka.Actor.ActorBase).IsAssignableFrom(type)).ToArray();

        Assert.Contains(actors, actor => actor.Assembly.GetName().Name == Clustering);
        Assert.DoesNotContain(actors, actor => actor.IsVisible || !(actor.IsSealed || actor.IsAbstract));
    }

    private static IEnumerable<string> References(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name!);

    private static IEnumerable<System.Type> OurTypes() =>
        new[] { Core, Torch, Actors, Datasets, Serving, Client, Clustering, Product, Bench, Node }
            .SelectMany(name => Assembly.Load(name).GetTypes())
            .Where(type => type.Namespace?.StartsWith("ZeroCopy", StringComparison.Ordinal) == true);
}
