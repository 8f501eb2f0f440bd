using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.Manifests;
using ZeroCopy.Samples.ClusterCalls;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Clients;

/// <summary>The sample, over real remoting.</summary>
public sealed class CallProgramSpecs
{
    [Fact]
    public async Task CallProgram_should_print_what_a_model_of_the_cluster_answers()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.File("store"));
        var path = directory.File("scorer.pt");
        ScriptText.Save(path, $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.mul(x, 2)
            """);
        await node.Host.Runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse("scorer") });
        await Eventually.KnownAsync(node, "scorer");

        Assert.Equal((0, "2 4.5 -6\n", ""), await RunAsync(node.Address.ToString(), "scorer", "1", "2.25", "-3"));
        var (code, output, error) = await RunAsync(node.Address.ToString(), "nobody", "1");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("nobody", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("127.0.0.1:4053", "scorer")]
    [InlineData("127.0.0.1:4053", "scorer", "one")]
    public async Task CallProgram_should_say_how_it_is_used(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("Write CONTACT", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Document_should_show_the_sample_word_for_word()
    {
        var documents = string.Join('\n', Documents.All.Select(File.ReadAllText));
        var example = Assert.Single(
            Documents.Examples("src", "Samples", "ZeroCopy.Akka.Samples.ClusterCalls", "CallProgram.cs"));
        Assert.Contains(example, documents, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        return (await CallProgram.RunAsync(arguments, output, error), output.ToString(), error.ToString());
    }
}
