namespace ZeroCopy.Actors.Settings;

/// <summary>Bounds and rates of a pool that grows and shrinks by load; the HOCON is <c>resizer</c> of a pool.</summary>
public sealed record ResizerSettings
{
    /// <summary>Fewest actors.</summary>
    public int MinSize { get; init; } = 1;

    /// <summary>Most actors.</summary>
    public int MaxSize { get; init; } = 8;

    /// <summary>An actor counts as busy: 0 while it runs a call, 1 when a call also waits, n when n calls wait.</summary>
    public int PressureThreshold { get; init; } = 1;

    /// <summary>Share by which a pool grows whose actors are all busy.</summary>
    public double RampupRate { get; init; } = 0.2;

    /// <summary>Share of busy actors below which the pool shrinks.</summary>
    public double BackoffThreshold { get; init; } = 0.3;

    /// <summary>Share by which it shrinks.</summary>
    public double BackoffRate { get; init; } = 0.1;

    /// <summary>Calls between two decisions.</summary>
    public int MessagesPerResize { get; init; } = 100;
}
