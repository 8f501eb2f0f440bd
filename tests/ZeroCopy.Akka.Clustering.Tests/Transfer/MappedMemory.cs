namespace ZeroCopy.Clustering.Tests.Transfer;

/// <summary>Specs that count what the process has mapped: one after another, and beside no others.</summary>
[CollectionDefinition(nameof(MappedMemory), DisableParallelization = true)]
public sealed class MappedMemory;
