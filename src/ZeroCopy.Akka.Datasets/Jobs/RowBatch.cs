using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>The rows of one call.</summary>
/// <param name="First">Number of the first one in the dataset, from 0.</param>
/// <param name="Rows">The rows.</param>
/// <param name="ReadShare">Share of the dataset's bytes that ends with them, from 0 to 1.</param>
internal sealed record RowBatch(long First, RowChunk Rows, double ReadShare);
