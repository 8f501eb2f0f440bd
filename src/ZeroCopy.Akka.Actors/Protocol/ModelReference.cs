using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Protocol;

/// <summary>A handle as a message.</summary>
public sealed record ModelReference(ModelHandle Model) : IWireMessage;
