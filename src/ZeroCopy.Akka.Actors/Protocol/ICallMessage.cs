namespace ZeroCopy.Actors.Protocol;

/// <summary>A request to a node, or its reply: the number is the request's, and tells the requests of one sender apart.</summary>
internal interface ICallMessage : IWireMessage
{
    /// <summary>The request's number.</summary>
    long Id { get; }
}
