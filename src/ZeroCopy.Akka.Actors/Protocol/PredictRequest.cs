using System.Collections.Immutable;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Asks a pool of another process for an answer, a <see cref="PredictReply"/> to the sender.</summary>
/// <param name="Pool">Name of the pool.</param>
/// <param name="Method">Method of the model; empty for the pool's own function.</param>
/// <param name="Inputs">The arguments.</param>
/// <param name="Deadline">Time that the caller waits, in whole milliseconds; null for the pool's own setting.</param>
/// <param name="HashKey">For pools with consistent hashing; empty for none.</param>
/// <param name="Id">Tells the calls of one sender apart; it comes back in the reply.</param>
public sealed record PredictRequest(
    string Pool, string Method, ImmutableArray<NamedTensor> Inputs, TimeSpan? Deadline = null, string HashKey = "", long Id = 0) : IWireMessage;
