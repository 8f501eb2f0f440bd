namespace ZeroCopy.Serving.Settings;

/// <summary>What refusals call the limits: the setting of a node, and the option of other applications.</summary>
internal static class SettingNames
{
    public const string MaxBody = $"zerocopy.serving.max-body, {nameof(ServingOptions)}.{nameof(ServingOptions.MaxBodyBytes)}";

    public const string MaxTensors = $"zerocopy.serving.max-tensors, {nameof(ServingOptions)}.{nameof(ServingOptions.MaxTensors)}";

    public const string MaxElements = $"zerocopy.serving.max-elements, {nameof(ServingOptions)}.{nameof(ServingOptions.MaxElements)}";

    public const string SharedMemory = $"zerocopy.serving.shared-memory, {nameof(ServingOptions)}.{nameof(ServingOptions.SharedMemory)}";

    /// <summary>No setting of a node.</summary>
    public const string MaxRegions = $"{nameof(ServingOptions)}.{nameof(ServingOptions.MaxSharedMemoryRegions)}";

    /// <summary>A node's is the sum of two.</summary>
    public const string DrainTimeout = "zerocopy.serving.drain-delay and zerocopy.inference.drain-timeout, "
        + $"{nameof(ServingOptions)}.{nameof(ServingOptions.DrainTimeout)}";
}
