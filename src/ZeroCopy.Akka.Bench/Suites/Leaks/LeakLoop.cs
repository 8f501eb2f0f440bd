namespace ZeroCopy.Bench.Suites.Leaks;

/// <summary>Work that leaves nothing behind, however often it is done.</summary>
internal enum LeakLoop
{
    /// <summary>Opens a model, which maps it, materialises it, and closes all of it.</summary>
    Loads,
    /// <summary>Clones an open BERT and releases the clone.</summary>
    Clones,
    /// <summary>A task call.</summary>
    Calls,
    /// <summary>Puts a model and removes it.</summary>
    Puts,
}
