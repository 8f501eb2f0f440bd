namespace ZeroCopy.Store;

/// <summary>How segments are mapped into a process.</summary>
public enum MappingMode
{
    /// <summary>
    /// Copy-on-write, private to the process: a model that writes to its weights changes its own process only, never the file. The default.
    /// </summary>
    CopyOnWrite,
    /// <summary>Read only: a write ends the process with a segmentation fault. For finding models that write.</summary>
    ReadOnly,
}
