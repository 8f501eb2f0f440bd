namespace ZeroCopy;

/// <summary>How a wrapped model is used after it was loaded.</summary>
public enum WrapMode
{
    /// <summary>The holder loads the model into its own process and calls it there, on the shared weights. The default.</summary>
    Actor,

    /// <summary>Every call of a module runs as a one-shot actor task on a leased instance; the holder has shims only.</summary>
    Task,
}
