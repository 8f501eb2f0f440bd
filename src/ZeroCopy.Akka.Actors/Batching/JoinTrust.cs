namespace ZeroCopy.Actors.Batching;

/// <summary>How far joined calls of a kind are believed.</summary>
internal enum JoinTrust
{
    /// <summary>None was compared with single calls yet.</summary>
    None,

    /// <summary>Those whose requests are all the same.</summary>
    SameRequests,

    /// <summary>All.</summary>
    Full,

    /// <summary>None ever: a joined answer was another one than the single calls'.</summary>
    Refused,
}
