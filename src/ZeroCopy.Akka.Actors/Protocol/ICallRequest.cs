namespace ZeroCopy.Actors.Protocol;

/// <summary>A request to a node.</summary>
internal interface ICallRequest : ICallMessage
{
    /// <summary>Whether a reply that is larger than what remoting sends at once comes in parts, see <see cref="MessagePart"/>.</summary>
    bool TakesParts { get; }
}
