using System.Collections.Immutable;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Calls an endpoint of another process, for a <see cref="PredictReply"/> to the sender.</summary>
/// <param name="Pool">What it is called by: the name of a pool, or of a model.</param>
/// <param name="Method">Method of the model; empty for the endpoint's own.</param>
/// <param name="Inputs">The arguments.</param>
/// <param name="Deadline">Time that the caller waits, in whole milliseconds; null for the pool's own setting.</param>
/// <param name="HashKey">For pools with consistent hashing; empty for none.</param>
/// <param name="Id">Tells the calls of one sender apart; it comes back in the reply.</param>
/// <param name="Version">Version of the model; null for the one that is current.</param>
/// <param name="TraceParent">
/// The caller's trace as W3C Trace Context writes it (<c>00-…-…-01</c>), for the trace of the call here to be part of; empty for none.
/// </param>
/// <param name="Direct">Whether the node answers with what it has itself, and sends the call to no other.</param>
/// <param name="TakesParts">Whether a reply that is larger than what remoting sends at once comes in parts, see
/// <see cref="MessagePart"/>; it fails with <see cref="Errors.InferenceFailure.MessageTooLarge"/> where it does not.</param>
public sealed record PredictRequest(
    string Pool, string Method, ImmutableArray<NamedTensor> Inputs, TimeSpan? Deadline = null, string HashKey = "", long Id = 0,
    int? Version = null, string TraceParent = "", bool Direct = false, bool TakesParts = false) : ICallRequest;
