using Akka.Actor;

namespace ZeroCopy.Actors;

/// <summary>The actors under <c>/user/zerocopy</c>.</summary>
internal sealed record RootChildren(IActorRef ObjectStore, IActorRef Tasks, IActorRef Pools, IActorRef Models);
