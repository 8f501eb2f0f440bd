namespace ZeroCopy.Actors.Protocol;

/// <summary>The sender no longer waits for the answer to its request of that id. Not answered itself.</summary>
public sealed record PredictCancel(long Id) : IWireMessage;
