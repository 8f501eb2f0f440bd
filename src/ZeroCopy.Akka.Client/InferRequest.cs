using System.Collections.Immutable;

namespace ZeroCopy.Client;

/// <summary>A call to a model. Immutable; may be sent many times.</summary>
/// <param name="Model">Name of the model.</param>
public sealed record InferRequest(string Model)
{
    /// <summary>A call with these inputs.</summary>
    public InferRequest(string model, params InferInput[] inputs)
        : this(model) => Inputs = [.. inputs];

    /// <summary>Version of the model; null for the one that the server takes.</summary>
    public string? ModelVersion { get; init; }

    /// <summary>What the caller calls the request, which comes back with the answer; null for nothing.</summary>
    public string? Id { get; init; }

    /// <summary>The inputs.</summary>
    public ImmutableArray<InferInput> Inputs { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The outputs to answer with; empty for all.</summary>
    public ImmutableArray<InferRequestedOutput> Outputs { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Parameters that the server knows, such as <c>sequence_id</c>: values are <see cref="bool"/>, <see cref="int"/>,
    /// <see cref="long"/>, <see cref="ulong"/>, <see cref="double"/> or <see cref="string"/>.
    /// </summary>
    public ImmutableDictionary<string, object> Parameters { get; init; } = ImmutableDictionary<string, object>.Empty;

    /// <summary>
    /// Time from the call to the answer; the server is told too. Null for the client's own, which the server is not told.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Requests of less priority wait for those of more, where the server does so; 1 is the most, null is the server's own.
    /// </summary>
    public ulong? Priority { get; init; }

    /// <summary>
    /// Whether the call may be made again where nobody knows if it was carried out. Inference has no effect but its answer, so it is by
    /// default.
    /// </summary>
    public bool IsIdempotent { get; init; } = true;

    /// <summary>The elements of an output that the server wrote into shared memory, as this request asked for.</summary>
    /// <exception cref="InferenceServerException">The request did not, or not for so many bytes.</exception>
    internal ReadOnlyMemory<byte> Written(string output, long byteSize) =>
        Outputs.FirstOrDefault(asked => asked.Name == output)?.SharedMemory is { } slice && byteSize >= 0 && byteSize <= slice.ByteSize
            ? slice.Memory[..(int)byteSize]
            : throw InferenceServerException.NotProtocol(
                $"output '{output}' takes {byteSize} bytes of shared memory that the request did not give it");

    /// <summary>What is thrown for a parameter whose value the protocol has no type for.</summary>
    internal static ArgumentException NoParameter(string name, object? value) => new(
        $"Parameter '{name}' is of {value?.GetType().ToString() ?? "nothing"}, but must be a boolean, a number or a text.");
}
