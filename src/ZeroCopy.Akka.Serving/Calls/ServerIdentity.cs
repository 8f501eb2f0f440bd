using System.Collections.Immutable;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Calls;

/// <summary>What the server says that it is.</summary>
internal static class ServerIdentity
{
    public const string Name = "zerocopy";

    /// <summary>What models run on, and what runs them.</summary>
    public const string Platform = "pytorch";

    public static string Version { get; } = typeof(ServerIdentity).Assembly.GetName().Version!.ToString(3);

    /// <summary>Parts of the protocol that not every server has.</summary>
    public static ImmutableArray<string> Extensions(ServingOptions options) =>
    [
        "binary_tensor_data", "parameters", "statistics", "model_configuration", "model_repository",
        .. options.SharedMemory ? ["system_shared_memory"] : (ReadOnlySpan<string>)[],
    ];
}
