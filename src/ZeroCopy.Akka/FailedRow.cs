using ZeroCopy.Errors;

namespace ZeroCopy;

/// <summary>A row of a data set that has no answer.</summary>
/// <param name="Index">Its place in the data set, from 0.</param>
/// <param name="Failure">What its function threw on the row alone.</param>
public sealed record FailedRow(long Index, InferenceException Failure);
