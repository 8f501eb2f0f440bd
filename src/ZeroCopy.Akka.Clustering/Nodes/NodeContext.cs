using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>What a node's actor works with. Thread-safe.</summary>
internal sealed class NodeContext
{
    /// <summary>Where the node is reached.</summary>
    public required Address Address { get; init; }

    /// <summary>Whether it holds models and runs them; else it calls those of others.</summary>
    public required bool IsServing { get; init; }

    /// <summary>Its store.</summary>
    public required ObjectStore Store { get; init; }

    /// <summary>Its own endpoints that others may call.</summary>
    public required IEndpointDirectory Endpoints { get; init; }

    /// <summary>What it has.</summary>
    public required LocalModels Models { get; init; }

    /// <summary>What all nodes said of themselves.</summary>
    public required NodeTable Table { get; init; }

    /// <summary>Carries orders out.</summary>
    public required NodeOrders Orders { get; init; }

    /// <summary>Answers for the whole cluster.</summary>
    public required ClusterSurvey Survey { get; init; }

    /// <summary>The roll-outs that it heard of.</summary>
    public required RolloutFiles Rollouts { get; init; }

    /// <summary>Has calls to a node that is unreachable now go to others.</summary>
    public required Action<Address> Doubt { get; init; }

    /// <summary>
    /// Where the entities of the names are reached; null before the node is a member. For the actor alone, which may restart.
    /// </summary>
    public IActorRef? Region { get; set; }

    /// <summary>The node's account of itself, as it is now.</summary>
    public required Func<NodeReport> Report { get; init; }
}
