namespace ZeroCopy.Actors.Batching;

/// <summary>What is known of a request before it is joined.</summary>
/// <param name="Key">The codec's key: requests of an equal one are believed together.</param>
/// <param name="Group">What it joins with.</param>
/// <param name="Rows">How many rows it has.</param>
internal readonly record struct BatchKind(object Key, BatchGroup Group, int Rows);
