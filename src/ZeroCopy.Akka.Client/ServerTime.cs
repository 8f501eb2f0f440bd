namespace ZeroCopy.Client;

/// <summary>Times as servers say them.</summary>
internal static class ServerTime
{
    /// <summary>The time of a model's last call.</summary>
    /// <param name="milliseconds">Since 1970 in UTC; 0 for never.</param>
    /// <exception cref="InferenceServerException">It is in no calendar.</exception>
    public static DateTimeOffset? OfLastCall(ulong milliseconds) => milliseconds == 0 ? null
        : milliseconds <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds)
            : throw InferenceServerException.NotProtocol($"last_inference is {milliseconds} ms after 1970, which is no time");
}
