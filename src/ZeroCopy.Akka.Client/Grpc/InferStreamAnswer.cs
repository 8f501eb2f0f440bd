namespace ZeroCopy.Client.Grpc;

/// <summary>The answer to one call of a stream.</summary>
/// <param name="Id">What the call called itself; null for nothing.</param>
/// <param name="Result">The answer, which the caller disposes; null where the call failed.</param>
/// <param name="Error">Why the call failed; null where it did not.</param>
public sealed record InferStreamAnswer(string? Id, InferResult? Result, InferenceServerException? Error);
