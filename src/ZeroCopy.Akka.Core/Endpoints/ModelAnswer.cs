using System.Collections.Immutable;

namespace ZeroCopy.Endpoints;

/// <summary>
/// What a method answered. Its tensors may lie in native memory that goes with it: read or copy them before <see cref="Dispose"/>. Not
/// thread-safe.
/// </summary>
/// <param name="outputs">
/// The outputs: <c>output</c> for one tensor, <c>output_0</c>, <c>output_1</c> and so on for several, or the keys of a dictionary.
/// </param>
/// <param name="memory">What the outputs lie in; null where the garbage collector keeps it.</param>
public sealed class ModelAnswer(ImmutableArray<NamedTensor> outputs, IDisposable? memory = null) : IDisposable
{
    private IDisposable? _memory = memory;

    /// <summary>The outputs in their order; empty where the method answers with nothing.</summary>
    public ImmutableArray<NamedTensor> Outputs { get; } = outputs;

    /// <summary>Where the time of the call went, as far as whoever ran it tells.</summary>
    public CallTimes Times { get; set; }

    /// <summary>
    /// The version that answered, where one endpoint may answer by several: a name whose version nobody named. Null where it is the
    /// endpoint's own, or has none.
    /// </summary>
    public int? Version { get; set; }

    /// <summary>Releases the memory of the outputs.</summary>
    public void Dispose() => Interlocked.Exchange(ref _memory, null)?.Dispose();
}
