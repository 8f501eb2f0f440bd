namespace ZeroCopy.Actors.Protocol;

/// <summary>Why a request to the object store failed.</summary>
public enum StoreFailure
{
    /// <summary>Something that the store does not expect; the message and the log say what.</summary>
    Unexpected = 0,
    /// <summary>No model of that id or name.</summary>
    NotFound = 1,
    /// <summary>The model is leased.</summary>
    InUse = 2,
    /// <summary>No room before the deadline.</summary>
    Full = 3,
    /// <summary>The store's directory cannot be used.</summary>
    Unavailable = 4,
    /// <summary>What was to be put is not a valid model.</summary>
    InvalidModel = 5,
    /// <summary>The caller cancelled.</summary>
    Cancelled = 6,
}
