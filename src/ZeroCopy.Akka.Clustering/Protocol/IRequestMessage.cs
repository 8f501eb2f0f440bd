namespace ZeroCopy.Clustering.Protocol;

/// <summary>A request, or its reply: the number is the request's, and tells the requests of one sender apart.</summary>
public interface IRequestMessage : IClusterMessage
{
    /// <summary>The request's number.</summary>
    long Id { get; }
}
