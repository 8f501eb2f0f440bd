using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Client.SharedMemory;

namespace ZeroCopy.Client;

/// <summary>
/// A server of the Open Inference Protocol, version 2, over whatever transport. Thread-safe. Calls that fail throw
/// <see cref="InferenceServerException"/>; those whose token is cancelled throw <see cref="OperationCanceledException"/>.
/// </summary>
public interface IInferenceClient
{
    /// <summary>Calls a model.</summary>
    /// <returns>The answer; the caller disposes it.</returns>
    /// <exception cref="InferenceServerException">The call was not answered.</exception>
    Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Whether the server runs; false where it says no, or cannot be reached.</summary>
    Task<bool> IsServerLiveAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether the server takes calls; false where it says no, or cannot be reached.</summary>
    Task<bool> IsServerReadyAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether a model can be called; false where the server says no, does not have it, or cannot be reached.</summary>
    Task<bool> IsModelReadyAsync(string model, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>What the server is.</summary>
    Task<ServerMetadata> GetServerMetadataAsync(CancellationToken cancellationToken = default);

    /// <summary>What a model is.</summary>
    Task<ModelMetadata> GetModelMetadataAsync(string model, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>The configuration of a model, in the fields of Triton's <c>ModelConfig</c>.</summary>
    Task<JsonElement> GetModelConfigurationAsync(
        string model, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>The calls that the server counted: of one model, or of all where none is named.</summary>
    Task<ImmutableArray<ModelStatistics>> GetModelStatisticsAsync(
        string? model = null, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>The models of the server's repository.</summary>
    /// <param name="readyOnly">Those alone that can be called.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ImmutableArray<RepositoryModel>> GetRepositoryIndexAsync(
        bool readyOnly = false, CancellationToken cancellationToken = default);

    /// <summary>Loads a model of the repository, again where it is loaded already; answered when it is ready.</summary>
    Task LoadModelAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>Unloads a model of the repository.</summary>
    Task UnloadModelAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>Lets the server use a region of shared memory, under its name. The server must run on this host and may refuse.</summary>
    Task RegisterSharedMemoryAsync(SharedMemoryRegion region, CancellationToken cancellationToken = default);

    /// <summary>Ends the server's use of a region; of all where none is named.</summary>
    Task UnregisterSharedMemoryAsync(string? region = null, CancellationToken cancellationToken = default);

    /// <summary>The regions that the server uses: one, or all where none is named.</summary>
    Task<ImmutableArray<SharedMemoryStatus>> GetSharedMemoryStatusAsync(
        string? region = null, CancellationToken cancellationToken = default);
}
