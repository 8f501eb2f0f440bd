namespace ZeroCopy.Datasets.Journal;

/// <summary>The file that becomes the output.</summary>
/// <param name="Name">Its name in the job's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Part">The state that it was made of.</param>
internal sealed record FinishedFile(string Name, long Bytes, JournalPart Part);
