using System.Collections.Immutable;
using ZeroCopy.Client.Memory;

namespace ZeroCopy.Client;

/// <summary>
/// A model's answer. Its elements lie in pooled memory that goes with it: read or copy them before <see cref="Dispose"/>. Not thread-safe.
/// </summary>
public sealed class InferResult : IDisposable
{
    private readonly RentedMemory? _memory;

    internal InferResult(string model, string? version, string? id, ImmutableArray<InferOutput> outputs, RentedMemory? memory)
    {
        (Model, ModelVersion, Id, Outputs) = (model, version, id, outputs);
        _memory = memory;
    }

    /// <summary>Name of the model that answered.</summary>
    public string Model { get; }

    /// <summary>Version of the model that answered; null where the server does not say it.</summary>
    public string? ModelVersion { get; }

    /// <summary>What the request called itself; null for nothing.</summary>
    public string? Id { get; }

    /// <summary>The outputs in the server's order.</summary>
    public ImmutableArray<InferOutput> Outputs { get; }

    /// <summary>The output of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public InferOutput this[string name] => Outputs.FirstOrDefault(output => output.Name == name) ?? throw new KeyNotFoundException(
        $"Model '{Model}' answered without an output '{name}'; there are: {string.Join(", ", Outputs.Select(output => output.Name))}.");

    /// <summary>Gives the memory of the outputs back.</summary>
    public void Dispose() => _memory?.Dispose();
}
