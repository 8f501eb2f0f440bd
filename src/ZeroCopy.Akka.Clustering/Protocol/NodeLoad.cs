namespace ZeroCopy.Clustering.Protocol;

/// <summary>How busy a node is.</summary>
/// <param name="Pending">Calls that are queued or running in its pools.</param>
/// <param name="FreeBytes">Bytes that its store has room for.</param>
/// <param name="IsLeaving">Whether it takes no new models: it is about to end.</param>
/// <param name="ReceiveRate">Bytes a second at which it received models lately; 0 where it has received none.</param>
/// <param name="LoadRate">Bytes a second at which it loaded models lately; 0 where it has loaded none.</param>
public sealed record NodeLoad(int Pending, long FreeBytes, bool IsLeaving, double ReceiveRate = 0, double LoadRate = 0);
