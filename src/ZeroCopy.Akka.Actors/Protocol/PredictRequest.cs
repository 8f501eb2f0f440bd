using System.Collections.Immutable;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Asks a pool of another process for an answer.</summary>
/// <param name="Pool">Name of the pool.</param>
/// <param name="Method">Method of the model; empty for the pool's own function.</param>
/// <param name="Inputs">The arguments.</param>
/// <param name="Deadline">Time that the caller waits, in whole milliseconds; null for no limit.</param>
/// <param name="HashKey">For pools with consistent hashing; empty for none.</param>
public sealed record PredictRequest(
    string Pool, string Method, ImmutableArray<NamedTensor> Inputs, TimeSpan? Deadline = null, string HashKey = "") : IWireMessage;
