namespace ZeroCopy.Node.Tests.Faults;

/// <summary>How a call of a <see cref="CallStream"/> ended.</summary>
internal enum CallEnd
{
    /// <summary>With the right numbers.</summary>
    Answered,

    /// <summary>With an error of the protocol.</summary>
    Refused,

    /// <summary>The node that it was sent to was not there, or its connection was closed.</summary>
    Unconnected,

    /// <summary>Not at all, long behind its deadline.</summary>
    Silent,

    /// <summary>With other numbers.</summary>
    Wrong,
}

/// <summary>A call of a <see cref="CallStream"/>.</summary>
/// <param name="Number">Which.</param>
/// <param name="Entry">The node that it was sent to.</param>
/// <param name="Begin">From the stream's start.</param>
/// <param name="End">From the stream's start.</param>
/// <param name="How">How it ended.</param>
/// <param name="Words">What was said of a failure.</param>
internal sealed record Call(long Number, HostNode Entry, TimeSpan Begin, TimeSpan End, CallEnd How, string Words)
{
    public TimeSpan Took => End - Begin;
}
