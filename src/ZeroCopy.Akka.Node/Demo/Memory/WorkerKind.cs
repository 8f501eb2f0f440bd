namespace ZeroCopy.Node.Demo.Memory;

/// <summary>How a worker process gets its models.</summary>
internal enum WorkerKind
{
    /// <summary>No model: one small forward, to load the libraries.</summary>
    Empty,
    /// <summary>Around the store's weights.</summary>
    Shared,
    /// <summary>Constructed and loaded from a file, a copy each.</summary>
    Alone,
}
