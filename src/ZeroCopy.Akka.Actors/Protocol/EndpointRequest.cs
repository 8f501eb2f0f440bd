namespace ZeroCopy.Actors.Protocol;

/// <summary>
/// Asks a node about its endpoints for other processes, an <see cref="EndpointReply"/> or a <see cref="PredictReply.Failed"/> to the
/// sender. A closed set.
/// </summary>
public abstract record EndpointRequest
{
    private EndpointRequest()
    {
    }

    /// <summary>Asks for every endpoint. Answer: <see cref="EndpointReply.Listed"/>.</summary>
    /// <param name="Id">Tells the requests of one sender apart; it comes back in the reply.</param>
    /// <param name="TakesParts">Whether a large reply comes in parts, see <see cref="MessagePart"/>.</param>
    public sealed record List(long Id = 0, bool TakesParts = false) : EndpointRequest, ICallRequest;

    /// <summary>Asks for one. Answer: <see cref="EndpointReply.Described"/>.</summary>
    /// <param name="Name">What it is called by.</param>
    /// <param name="Version">The version of the model; null for the one that is current.</param>
    /// <param name="Id">Tells the requests of one sender apart; it comes back in the reply.</param>
    /// <param name="Direct">Whether the node answers for what it has itself alone.</param>
    /// <param name="TakesParts">Whether a large reply comes in parts, see <see cref="MessagePart"/>.</param>
    public sealed record Describe(string Name, int? Version = null, long Id = 0, bool Direct = false, bool TakesParts = false)
        : EndpointRequest, ICallRequest;
}
