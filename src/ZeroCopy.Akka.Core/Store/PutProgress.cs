namespace ZeroCopy.Store;

/// <summary>How far a put is.</summary>
/// <param name="HashedBytes">Bytes hashed so far.</param>
/// <param name="WrittenBytes">Bytes copied into the store so far; only blocks that it lacks are copied.</param>
/// <param name="TotalBytes">Bytes of all tensors.</param>
public readonly record struct PutProgress(long HashedBytes, long WrittenBytes, long TotalBytes);
