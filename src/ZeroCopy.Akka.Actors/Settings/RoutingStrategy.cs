namespace ZeroCopy.Actors.Settings;

/// <summary>How a pool chooses the actor for a call.</summary>
public enum RoutingStrategy
{
    /// <summary>An idle actor, else the one with the fewest calls waiting. The default.</summary>
    SmallestMailbox,
    /// <summary>One after the other.</summary>
    RoundRobin,
    /// <summary>Calls with an equal hash key go to the same actor: for models that keep state between calls.</summary>
    ConsistentHashing,
}
