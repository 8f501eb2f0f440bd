using System.Collections.Immutable;

namespace ZeroCopy.Client.Metadata;

/// <summary>What a model is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Versions">The versions that the server has.</param>
/// <param name="Platform">What runs it, such as <c>pytorch</c> or <c>onnxruntime_onnx</c>.</param>
/// <param name="Inputs">Its inputs.</param>
/// <param name="Outputs">Its outputs.</param>
public sealed record ModelMetadata(
    string Name,
    ImmutableArray<string> Versions,
    string Platform,
    ImmutableArray<TensorMetadata> Inputs,
    ImmutableArray<TensorMetadata> Outputs);
