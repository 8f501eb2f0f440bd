namespace ZeroCopy.Client.Metadata;

/// <summary>A model of a server's repository, in one version.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version; null where it has none, or is not loaded in any.</param>
/// <param name="State"><c>READY</c>, <c>LOADING</c>, <c>UNAVAILABLE</c> and others; null where the server does not say.</param>
/// <param name="Reason">Why it is not ready; null where it is, or nobody knows.</param>
public sealed record RepositoryModel(string Name, string? Version, string? State, string? Reason);
