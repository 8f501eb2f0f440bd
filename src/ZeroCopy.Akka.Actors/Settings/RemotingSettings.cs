namespace ZeroCopy.Actors.Settings;

/// <summary>Calls between processes; the HOCON root is <c>zerocopy.inference.remoting</c>.</summary>
public sealed record RemotingSettings
{
    /// <summary>Configuration path of <see cref="MaxMessage"/>.</summary>
    internal const string MaxMessagePath = "zerocopy.inference.remoting.max-message";

    /// <summary>Most bytes of a request or an answer; the receiver of one takes that much memory for it.</summary>
    public long MaxMessage { get; init; } = 64 << 20;
}
