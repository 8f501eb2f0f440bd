using Akka.Actor.Setup;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary>What code, and not HOCON, gives to the extension; pass it to the actor system with its other setups.</summary>
public sealed class ZeroCopySetup : Setup
{
    /// <summary>
    /// A store that is open already and stays the caller's; null: the actor system opens one, see <see cref="ZeroCopySystem.OpenStore"/>.
    /// </summary>
    public ObjectStore? Store { get; init; }

    /// <summary>The clock behind deadlines, batches and pauses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
