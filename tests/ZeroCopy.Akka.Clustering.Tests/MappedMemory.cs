namespace ZeroCopy.Clustering.Tests;

/// <summary>Specs that count what the process has mapped, or its native tensors: one after another, and beside no others.</summary>
[CollectionDefinition(nameof(MappedMemory), DisableParallelization = true)]
public sealed class MappedMemory;
