namespace ZeroCopy.Actors.Protocol;

/// <summary>A serialised model wrapper: its bytes mean something to the layer that made them only.</summary>
/// <param name="Version">Version of the payload's format.</param>
/// <param name="Payload">The bytes.</param>
public sealed record WrapperReference(int Version, ReadOnlyMemory<byte> Payload) : IWireMessage;
