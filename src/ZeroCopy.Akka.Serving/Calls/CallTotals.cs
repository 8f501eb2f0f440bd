namespace ZeroCopy.Serving.Calls;

/// <summary>What <see cref="CallCounts"/> counted.</summary>
/// <param name="LastMilliseconds">When the last call was answered, in milliseconds since 1970 in UTC; 0 for never.</param>
/// <param name="Executions">How often the model ran for them, which is less where it answered several together.</param>
/// <param name="Success">Calls that were answered.</param>
/// <param name="Fail">Calls that were not.</param>
/// <param name="Queue">Their wait before the model.</param>
/// <param name="Input">Reading of their requests.</param>
/// <param name="Infer">The calls themselves.</param>
/// <param name="Output">Sending of their answers.</param>
internal readonly record struct CallTotals(
    long LastMilliseconds,
    long Executions,
    CallTime Success,
    CallTime Fail,
    CallTime Queue,
    CallTime Input,
    CallTime Infer,
    CallTime Output);
