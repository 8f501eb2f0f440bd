namespace ZeroCopy.Datasets.Journal;

/// <summary>A state of a job that a later run can go on from: one line of the journal.</summary>
/// <param name="NextRow">The first row of the dataset that is not done.</param>
/// <param name="Rows">Rows that were answered.</param>
/// <param name="Failed">Rows that failed.</param>
/// <param name="Settled">Bytes of the work file that stay as they are.</param>
/// <param name="Hash">Hash of those that the part before had not settled.</param>
/// <param name="TailBytes">Bytes behind them, which the next group of rows overwrites; a file of their own holds them too.</param>
/// <param name="TailHash">Hash of the tail.</param>
/// <param name="PendingFile">Number of the file with the rows of the group that is not full yet.</param>
/// <param name="PendingBytes">Its length; 0 where there are no such rows.</param>
/// <param name="PendingHash">Its hash.</param>
/// <param name="FailedBytes">Bytes of the list of failed rows.</param>
/// <param name="FailedHash">Hash of the list.</param>
internal sealed record JournalPart(
    long NextRow, long Rows, long Failed, long Settled, string Hash, long TailBytes, string TailHash,
    int PendingFile, long PendingBytes, string PendingHash, long FailedBytes, string FailedHash)
{
    /// <summary>Before anything was done.</summary>
    public static JournalPart Start { get; } = new(0, 0, 0, 0, "", 0, "", 0, 0, "", 0, "");
}
