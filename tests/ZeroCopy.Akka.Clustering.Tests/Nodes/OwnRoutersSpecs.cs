using System.Globalization;
using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.EndpointContract;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Actors of a user behind a router of Akka.Cluster, by the settings in <c>hocon</c>.</summary>
public sealed class OwnRoutersSpecs : ClusterSpec
{
    private static readonly string Hocon = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "hocon", "routers.conf"));

    [Fact]
    public async Task A_group_of_own_actors_should_run_the_model_of_each_node_with_the_role()
    {
        var (first, second) = (await StartAsync(Hocon), await StartAsync());
        var client = await StartAsync("akka.cluster.roles = [client]");
        foreach (var node in new[] { first, second, client })
        {
            var wrapper = await WrapAsync(node);
            node.System.ActorOf(Props.Create(() => new Scorer(wrapper)), "scorer");
        }

        var group = first.System.ActorOf(Props.Empty.WithRouter(FromConfig.Instance), "scorers");

        await AssertAnsweredByAsync(group, first, second);
    }

    [Fact]
    public async Task A_pool_of_own_actors_should_take_the_wrapper_to_each_node_with_the_role_that_holds_its_model()
    {
        var (first, second) = (await StartAsync(Hocon), await StartAsync());
        await StartAsync("akka.cluster.roles = [client]");
        var wrapper = await WrapAsync(first, new ModelName("scorer", 1));
        Assert.IsType<NodeReply.Opened>(await ReceiveAsync(second, "scorer", first.Host.Store.Resolve(new ModelName("scorer", 1))));

        var pool = first.System.ActorOf(Props.Create(() => new Scorer(wrapper)).WithRouter(FromConfig.Instance), "pooled-scorers");

        await AssertAnsweredByAsync(pool, first, second);
    }

    private static async Task<ModelWrapper<ContractModel>> WrapAsync(TestNode node, ModelName? name = null)
    {
        using var model = new ContractModel();
        return await ModelWrapper.FromModelAsync(model, host: node.Host, name: name);
    }

    /// <summary>All of the nodes answer, and no others, each with the model's own tensor.</summary>
    private static async Task AssertAnsweredByAsync(IActorRef router, params TestNode[] nodes)
    {
        var expected = nodes.Select(node => $"3 at {node.Address}").ToHashSet();
        var answers = new HashSet<string>();
        await Eventually.TrueAsync(
            nodes[0].Cluster.Endpoints,
            async () =>
            {
                // Until the router has found its routees, it has nobody to answer.
                if (await router.Ask<Routees>(GetRoutees.Instance, Patience) is { Members: { } members } && members.Any())
                {
                    answers.Add(await router.Ask<string>("score", Patience));
                }

                return answers.Count >= expected.Count;
            },
            "each node answers");
        for (var further = 0; further < 8; further++)
        {
            answers.Add(await router.Ask<string>("score", Patience));
        }

        Assert.Equal(expected, answers);
    }

    private sealed class Scorer : ReceiveActor
    {
        private readonly ContractModel _model;

        public Scorer(ModelWrapper wrapper)
        {
            _model = wrapper.As<ContractModel>().Load(new() { Holder = Self });
            var address = Akka.Cluster.Cluster.Get(Context.System).SelfAddress;
            ReceiveAny(_ =>
            {
                using var sum = _model.weight().sum();
                Sender.Tell(string.Create(CultureInfo.InvariantCulture, $"{sum.data<float>()[0]} at {address}"));
            });
        }

        protected override void PostStop() => ModelWrapper.Release(_model);
    }
}
