using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Settings;

/// <summary>When a micro-batch is sent; the HOCON root is <c>zerocopy.batching</c>.</summary>
public sealed record BatchingSettings
{
    /// <summary>Rows that make a batch full.</summary>
    public int MaxRows { get; init; } = 32;

    /// <summary>
    /// Whether requests wait for others only while every actor computes: one that finds an actor idle goes to it alone, and an actor that
    /// has ended gets what came meanwhile. Else the first request of a batch always waits, up to <see cref="MaxDelay"/>.
    /// </summary>
    public bool Adaptive { get; init; } = true;

    /// <summary>Longest time that the first request of a batch waits for others.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>A batch is sent at the latest this long before the earliest deadline in it.</summary>
    public TimeSpan DeadlineMargin { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Whether joined answers are believed only after they were compared with those of single calls, kind of request by kind. False says
    /// that the pool's function answers row i of its argument in row i of every tensor of its answer.
    /// </summary>
    public bool Verify { get; init; } = true;

    /// <summary>
    /// Null where only requests of equal shapes join. A pool that code makes needs a codec that pads, as those of named tensors do.
    /// </summary>
    public RequestPadding? Padding { get; init; }
}
