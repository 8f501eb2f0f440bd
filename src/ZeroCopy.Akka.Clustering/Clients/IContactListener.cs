using Akka.Actor;

namespace ZeroCopy.Clustering.Clients;

/// <summary>Hears how a client stands with its contacts, on an actor's thread.</summary>
internal interface IContactListener
{
    /// <summary>A node answers, and is asked from now on.</summary>
    void OnFound(IActorRef node);

    /// <summary>It answers no more; others are looked for.</summary>
    void OnLost();

    /// <summary>None has answered for as long as they may be silent; they are still looked for.</summary>
    void OnSilence();

    /// <summary>None is looked for any more.</summary>
    void OnStopped();
}
