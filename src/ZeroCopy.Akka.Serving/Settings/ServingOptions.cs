using ZeroCopy.Clocks;

namespace ZeroCopy.Serving.Settings;

/// <summary>What one request may cost. Read once, when the routes are mapped; not thread-safe.</summary>
public sealed class ServingOptions
{
    /// <summary>
    /// Most bytes of a request's body, also when it is decompressed, and of a gRPC message, also of the lists of elements that it becomes.
    /// The application's own limit does not count for these routes.
    /// </summary>
    public long MaxBodyBytes { get; set; } = 256L << 20;

    /// <summary>Most tensors that a request has, and most outputs that it asks for.</summary>
    public int MaxTensors { get; set; } = 256;

    /// <summary>Most elements of a request's tensors together.</summary>
    public long MaxElements { get; set; } = 1L << 28;

    /// <summary>Most arrays and objects of the JSON that lie in each other.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>Most readers of the status page at the same time.</summary>
    public int MaxStatusReaders { get; set; } = 64;

    /// <summary>
    /// Name of the application's authorisation policy for calling models, reading of them and of the server; null: everybody may. Health is
    /// everybody's always.
    /// </summary>
    public string? CallPolicy { get; set; }

    /// <summary>Name of the policy for the repository of models; null: that of <see cref="CallPolicy"/>.</summary>
    public string? ManagePolicy { get; set; }

    /// <summary>
    /// Takes calls from pages of other sites. A browser sends them with its user's own access, so they are refused unless an application
    /// with a CORS policy says otherwise.
    /// </summary>
    public bool AllowsOtherSites { get; set; }

    /// <summary>
    /// Whether callers on this host may register shared memory objects of the user whom the application runs as, for tensors to lie in.
    /// </summary>
    public bool SharedMemory { get; set; }

    /// <summary>Most regions of shared memory that are registered at one time.</summary>
    public int MaxSharedMemoryRegions { get; set; } = 256;

    /// <summary>
    /// When a client that was refused for now, such as for overload, may try again: over HTTP in whole seconds, at least one, over gRPC in
    /// milliseconds.
    /// </summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time that calls are taken for when the application begins to stop, for clients that have not noticed yet. Streams of calls end
    /// behind it; nothing else would end those whose client asks nothing. At most 49 days.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// Time that calls get when the application begins to stop; those that run longer are cancelled and answered with status 503.
    /// <see cref="Timeout.InfiniteTimeSpan"/>: as long as the application's own shutdown lets them.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Itself, checked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is zero or less, or a delay longer than 49 days.</exception>
    internal ServingOptions Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxBodyBytes, nameof(MaxBodyBytes));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTensors, nameof(MaxTensors));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxElements, nameof(MaxElements));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxJsonDepth, nameof(MaxJsonDepth));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxStatusReaders, nameof(MaxStatusReaders));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSharedMemoryRegions, nameof(MaxSharedMemoryRegions));
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryAfter, TimeSpan.Zero, nameof(RetryAfter));
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainDelay, TimeSpan.Zero, nameof(DrainDelay));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DrainDelay, Durations.LongestPause, nameof(DrainDelay));
        if (!Durations.IsLimit(DrainTimeout))
        {
            throw new ArgumentOutOfRangeException(nameof(DrainTimeout), DrainTimeout, "It is to be above zero.");
        }

        return this;
    }
}
