using Akka.Actor;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Makes actors by a function. Props of an expression would compile it each time, which is most of a one-shot actor's cost.
/// </summary>
internal sealed class Producer<TActor>(Func<TActor> produce) : IIndirectActorProducer
    where TActor : ActorBase
{
    /// <inheritdoc/>
    public Type ActorType => typeof(TActor);

    /// <inheritdoc/>
    public ActorBase Produce() => produce();

    /// <inheritdoc/>
    public void Release(ActorBase actor)
    {
    }
}
