namespace ZeroCopy.Actors.Protocol;

/// <summary>Answers a <see cref="MessagePart"/> that wants it: the sender may send further ones.</summary>
/// <param name="Id">Of the message.</param>
/// <param name="Offset">Of the part.</param>
public sealed record PartReceived(long Id, long Offset) : IWireMessage;
