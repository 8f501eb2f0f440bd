using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Protocol;

/// <summary>Refusals of what is more than the options allow; each names the limit and its option.</summary>
internal static class Limits
{
    /// <summary>There is room for one more in a list of tensors.</summary>
    public static void RequireRoom(this ServingOptions options, int count, string list)
    {
        if (count == options.MaxTensors)
        {
            throw new RequestException($"The request has more than {options.MaxTensors} {list} ({SettingNames.MaxTensors}).");
        }
    }

    /// <summary>The body is larger than it may be.</summary>
    public static RequestException BodyTooLarge(this ServingOptions options) => new(
        413, $"The body has more than {options.MaxBodyBytes} bytes, or would when decompressed ({SettingNames.MaxBody}).");
}
