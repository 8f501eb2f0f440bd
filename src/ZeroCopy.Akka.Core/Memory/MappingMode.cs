namespace ZeroCopy.Memory;

/// <summary>How segments are mapped into a process.</summary>
public enum MappingMode
{
    /// <summary>
    /// Copy-on-write, private to who opened the model: what is written to its weights reaches no other model or process, and never the
    /// file. The default.
    /// </summary>
    CopyOnWrite,
    /// <summary>Read only: a write ends the process with a segmentation fault. For finding models that write.</summary>
    ReadOnly,
}
