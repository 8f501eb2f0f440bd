using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>How a model is received.</summary>
public sealed record TransferOptions
{
    /// <summary>Requests that are open to one source at a time. Two keep its connection busy while one of them ends.</summary>
    public int RequestsPerSource { get; init; } = 2;

    /// <summary>Bytes that one request asks for, where blocks are small; a larger block is a request of its own.</summary>
    public long RequestBytes { get; init; } = 8 << 20;

    /// <summary>Models that are received at a time; others wait.</summary>
    public int MaxReceives { get; init; } = 4;

    /// <summary>
    /// How long a source may send nothing before it is asked no more: above zero, or <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests in a row that a source may fail without having sent a byte before it is asked no more.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>
    /// Where other nodes get blocks from this one's store, so that those who receive the same model at the same time get them from here as
    /// soon as they have arrived. Null: nowhere.
    /// </summary>
    public Uri? Address { get; init; }

    /// <summary>Nodes that receive the same model at the same time and are asked for blocks of it, at most.</summary>
    internal int MostPeers { get; init; } = 8;

    /// <summary>Told of each node that is asked no more, and why; others may send the model all the same. Null: nobody is.</summary>
    public Action<Uri, string>? Dropped { get; init; }

    /// <summary>The clock of the time-outs.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>When a source that sends to as many as it may, or has nothing that is wanted yet, is asked again.</summary>
    internal TimeSpan BusyPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>What the settings say, and the defaults for the rest.</summary>
    public static TransferOptions Of(TransferSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new TransferOptions { MaxReceives = settings.MaxReceives, StallTimeout = settings.StallTimeout };
    }
}
