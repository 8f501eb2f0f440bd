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

    /// <summary>The function that the task was called from, which is likely to wait for it; null for a task of its own.</summary>
    public FunctionScope? Within { get; init; }
}
