using ZeroCopy.Actors.Calls;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tasks;

/// <summary>A call with what its actor needs to run it.</summary>
internal sealed record TaskCall(
    InferenceCall Call, IInstanceSource Source, ModelFunction Function, TaskOptions Options, TaskGate Gate, CallLedger Ledger,
    ServiceTimes Times)
{
    /// <summary>Attempts that failed already.</summary>
    public int FailedAttempts { get; init; }
}
