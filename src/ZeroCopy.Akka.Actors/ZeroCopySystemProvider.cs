using Akka.Actor;

namespace ZeroCopy.Actors;

/// <summary>Makes the extension of an actor system; for <c>akka.extensions</c> in HOCON.</summary>
public sealed class ZeroCopySystemProvider : ExtensionIdProvider<ZeroCopySystem>
{
    /// <summary>The only instance that is needed.</summary>
    public static ZeroCopySystemProvider Instance { get; } = new();

    /// <inheritdoc/>
    public override ZeroCopySystem CreateExtension(ExtendedActorSystem system) => new(system);
}
