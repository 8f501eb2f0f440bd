namespace ZeroCopy.Actors.Settings;

/// <summary>Models on their way between nodes; the HOCON root is <c>zerocopy.cluster.transfer</c>.</summary>
public sealed record TransferSettings
{
    /// <summary>Port that other nodes get blocks from; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Most bytes that the node sends in a second, to all together; 0 for no limit.</summary>
    public long Rate { get; init; }

    /// <summary>Most answers with blocks that the node sends at a time.</summary>
    public int MaxSends { get; init; } = 32;

    /// <summary>Most models that the node receives at a time.</summary>
    public int MaxReceives { get; init; } = 4;

    /// <summary>How long a node that blocks are received from may send nothing before it is asked no more.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
