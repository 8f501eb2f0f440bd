using ZeroCopy.Client.SharedMemory;

namespace ZeroCopy.Client;

/// <summary>An output that a request asks for. A name converts to one.</summary>
/// <param name="Name">Name of the model's output.</param>
public sealed record InferRequestedOutput(string Name)
{
    /// <summary>For classifiers of Triton: the labels of that many classes instead of the elements; null for the elements.</summary>
    public int? ClassCount { get; init; }

    /// <summary>
    /// Where the server writes the elements, in a region that it has registered; null for it to send them. The answer's output lies there
    /// then, and is valid until it is written again.
    /// </summary>
    public SharedMemorySlice? SharedMemory { get; init; }

    /// <summary>The output of that name as it is.</summary>
    public static implicit operator InferRequestedOutput(string name) => new(name);
}
