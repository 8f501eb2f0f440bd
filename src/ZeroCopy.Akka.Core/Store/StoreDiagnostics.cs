using ZeroCopy.Memory;

namespace ZeroCopy.Store;

/// <summary>What this process holds of all stores: for leak tests and for people who look for one. Thread-safe.</summary>
public static class StoreDiagnostics
{
    /// <summary>Segments mapped.</summary>
    public static int LiveMappings => MappingRegistry.LiveMappings;

    /// <summary>
    /// References on mappings by <see cref="ModelLease.Retain"/> that <see cref="ModelLease.Release"/> has not given back.
    /// </summary>
    public static long RetainedReferences => MappingRegistry.RetainedReferences;
}
