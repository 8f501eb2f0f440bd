using System.Collections.Immutable;

namespace ZeroCopy.Client.Metadata;

/// <summary>What a server is.</summary>
/// <param name="Name">Its name, such as <c>triton</c>.</param>
/// <param name="Version">Its version.</param>
/// <param name="Extensions">The protocol's extensions that it has, such as <c>binary_tensor_data</c>.</param>
public sealed record ServerMetadata(string Name, string Version, ImmutableArray<string> Extensions);
