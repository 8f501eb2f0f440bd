namespace ZeroCopy.Actors.Protocol;

/// <summary>
/// Bytes of a message that is larger than what remoting sends at once. The parts of a message come in order, and those of the next message
/// of the same sender behind them. A reply comes in parts where its request has <see cref="PredictRequest.TakesParts"/> or that of an
/// <see cref="EndpointRequest"/>, and not to an <c>Ask</c>, which takes one message.
/// </summary>
/// <param name="Id">Number of the request that the message is or answers.</param>
/// <param name="Offset">How many bytes of the message came before; 0 begins a message.</param>
/// <param name="Total">Bytes of the whole message.</param>
/// <param name="Manifest">What the whole message is, by the manifests of <see cref="Wire.WireSerializer"/>.</param>
/// <param name="Data">The bytes, at least one.</param>
/// <param name="WantsReceipt">Whether the sender waits for a <see cref="PartReceived"/>, which it gets also where the part is thrown
/// away.</param>
public sealed record MessagePart(
    long Id, long Offset, long Total, string Manifest, ReadOnlyMemory<byte> Data, bool WantsReceipt = false) : IWireMessage;
