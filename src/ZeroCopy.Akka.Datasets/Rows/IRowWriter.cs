namespace ZeroCopy.Datasets.Rows;

/// <summary>
/// Writes rows into a work file so that a process that comes after a crash can go on with it: what was once written stays as it is, and the
/// bytes of the file depend on the groups of rows alone, not on when it was opened again. Not thread-safe.
/// </summary>
internal interface IRowWriter : IAsyncDisposable
{
    /// <summary>Appends a group of rows.</summary>
    ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken);

    /// <summary>Brings everything that was appended into the file.</summary>
    /// <returns>How many bytes of the file are settled: what lies behind them is written anew by the next group.</returns>
    ValueTask<long> FlushAsync(CancellationToken cancellationToken);

    /// <summary>Ends the file, and the writer with it.</summary>
    /// <param name="spare">A path that may be used for a second file.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The path of the finished file: the work file's, or <paramref name="spare"/>.</returns>
    ValueTask<string> CompleteAsync(string spare, CancellationToken cancellationToken);
}
