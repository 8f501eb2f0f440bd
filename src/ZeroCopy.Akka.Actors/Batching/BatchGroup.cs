namespace ZeroCopy.Actors.Batching;

/// <summary>Which requests join: those of an equal group of the codec that go to the same actor.</summary>
/// <param name="Group">The codec's group.</param>
/// <param name="HashKey">For consistent hashing; null for any actor.</param>
internal readonly record struct BatchGroup(object Group, string? HashKey);
