using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>What others take for a node of an actor system: it answers what a spec says, or nothing.</summary>
internal static class StandInNode
{
    /// <summary>Starts it; null is no answer.</summary>
    public static void Start(ActorSystem system, Func<object, object?> answer)
    {
        ClusterSerializer.Register(system);
        system.ActorOf(Props.Create(() => new Above(answer)), "zerocopy");
    }

    /// <summary>What it has, with a store of its own.</summary>
    public static NodeReply.Holdings Holdings(ActorSystem system, long id, params ImmutableArray<HeldVersion> contract)
    {
        var self = Akka.Cluster.Cluster.Get(system).SelfAddress;
        var info = new NodeInfo(self, "stand-in", new Uri("http://127.0.0.1:1"), null, null, []);
        return new NodeReply.Holdings(
            new NodeReport(info, new NodeLoad(0, long.MaxValue, false)), [new ModelReport("contract", self, contract, null)], id);
    }

    private sealed class Above : UntypedActor
    {
        public Above(Func<object, object?> answer) => Context.ActorOf(Props.Create(() => new Answering(answer)), NodePath.Name);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Answering(Func<object, object?> answer) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (answer(message) is { } reply)
            {
                Sender.Tell(reply, Self);
            }
        }
    }
}
