namespace ZeroCopy.Clustering.Protocol;

/// <summary>A node's account of itself to the others. Not answered.</summary>
/// <param name="Info">What stays the same.</param>
/// <param name="Load">How busy it is now.</param>
public sealed record NodeReport(NodeInfo Info, NodeLoad Load) : IClusterMessage;
