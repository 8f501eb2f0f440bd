namespace ZeroCopy.Tests.Store;

/// <summary>Tests that map segments run one after another: the leak counters are the process's.</summary>
[CollectionDefinition(nameof(MappedMemory), DisableParallelization = true)]
public sealed class MappedMemory;
