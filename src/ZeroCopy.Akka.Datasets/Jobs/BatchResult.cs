using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>What became of the rows of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Answers">The rows that were answered, kept columns and outputs, in order; null where none was.</param>
/// <param name="Failures">The others.</param>
internal sealed record BatchResult(RowBatch Batch, RowChunk? Answers, ImmutableArray<FailedRow> Failures);
