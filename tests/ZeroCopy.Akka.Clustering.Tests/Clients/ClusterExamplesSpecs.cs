using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Clients;

public sealed class ClusterExamplesSpecs : ClusterSpec
{
    [Fact]
    public void Documents_should_show_the_examples_word_for_word()
    {
        var documents = string.Join('\n', Documents.All.Select(File.ReadAllText));
        var example = Assert.Single(Documents.Examples("tests", "ZeroCopy.Akka.Clustering.Tests", "Clients", "ClusterExamples.cs"));

        Assert.Contains(example, documents, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_should_roll_a_version_out_by_a_node()
    {
        var node = await StartAsync();
        await PutAsync(node, "contract", 1);
        await PutAsync(node, "contract", 11);
        await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 2);
        using var system = ClientSystem.Start();
        try
        {
            var decided = await ClusterExamples.RollOutAsync(system, node.Address, "contract", 1, 100).WaitAsync(Patience);

            Assert.Equal((1, 100), (decided.Version, decided.Percent));
            Assert.Equal(1, (await StatusAsync(node)).Models.Single(model => model.IsCurrent).Version);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience);
        }
    }
}
