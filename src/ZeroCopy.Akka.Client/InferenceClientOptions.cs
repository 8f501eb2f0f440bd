using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client;

/// <summary>How a client calls its server.</summary>
public sealed class InferenceClientOptions
{
    /// <summary>
    /// Time from a call to its answer, retries among it, where the call says nothing itself; 100 seconds by default.
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for no limit.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Most bytes that an answer takes, decompressed; 1 GiB by default.</summary>
    public long MaxAnswerBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Whether tensors go and come as binary over HTTP, the extension <c>binary_tensor_data</c>; as JSON otherwise, for servers without
    /// it. JSON takes many times the time, and has no form for <see cref="Datatype.Float16"/> and <see cref="Datatype.BFloat16"/>.
    /// </summary>
    public bool BinaryTensors { get; set; } = true;

    /// <summary>Itself, checked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is zero or less.</exception>
    internal InferenceClientOptions Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxAnswerBytes, nameof(MaxAnswerBytes));
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero, nameof(Timeout));
        }

        return this;
    }
}
