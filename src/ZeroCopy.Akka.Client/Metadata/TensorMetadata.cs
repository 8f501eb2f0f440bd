using System.Collections.Immutable;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Metadata;

/// <summary>An input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">Element type.</param>
/// <param name="Shape">Sizes of the dimensions, -1 where any is taken.</param>
public sealed record TensorMetadata(string Name, Datatype Datatype, ImmutableArray<long> Shape);
