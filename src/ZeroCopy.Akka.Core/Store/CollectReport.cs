namespace ZeroCopy.Store;

/// <summary>What a garbage collection of the store did.</summary>
/// <param name="RemovedModels">Unnamed, unpinned, unleased models removed (only where that was asked for).</param>
/// <param name="RemovedFiles">Temporary files of dead processes, damaged files, and segments without a live block.</param>
/// <param name="RepackedSegments">Mostly dead segments whose live blocks were moved to a new one.</param>
/// <param name="FreedBytes">Bytes given back to the file system.</param>
public sealed record CollectReport(int RemovedModels, int RemovedFiles, int RepackedSegments, long FreedBytes);
