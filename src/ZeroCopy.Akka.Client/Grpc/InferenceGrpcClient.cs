using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.OpenInference;
using ModelStatistics = ZeroCopy.Client.Metadata.ModelStatistics;
using RpcOptions = Grpc.Core.CallOptions;

namespace ZeroCopy.Client.Grpc;

/// <summary>
/// A server of the Open Inference Protocol, version 2, over gRPC: ZeroCopy.Akka, Triton, KServe and others. Elements of inputs are sent
/// raw from where they lie. Calls are not made again; a <see cref="GrpcChannel"/> of the caller's own may have a policy for it.
/// Thread-safe.
/// </summary>
public sealed class InferenceGrpcClient : IInferenceClient, IDisposable
{
    // Field names as in Triton's own JSON; numbers of 64 bits are strings, as Protocol Buffers have it.
    private static readonly JsonFormatter Json =
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true));

    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(365);

    private readonly GrpcChannel _channel;
    private readonly GRPCInferenceService.GRPCInferenceServiceClient _client;
    private readonly InferenceClientOptions _options;
    private readonly bool _isOwner;

    /// <summary>A client with a channel of its own.</summary>
    /// <param name="address">Where the server is, such as <c>http://localhost:8081</c>.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is zero or less.</exception>
    public InferenceGrpcClient(Uri address, InferenceClientOptions? options = null)
        : this(Channel(address, options ?? new InferenceClientOptions()), options) => _isOwner = true;

    /// <summary>A client over a channel, whose credentials, policies and message sizes count.</summary>
    /// <param name="channel">Stays the caller's.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is zero or less.</exception>
    public InferenceGrpcClient(GrpcChannel channel, InferenceClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        _channel = channel;
        _client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        _options = (options ?? new InferenceClientOptions()).Checked();
    }

    /// <inheritdoc/>
    public async Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var message = GrpcMessages.Of(request);
        return GrpcMessages.Of(await CallAsync(
            options => _client.ModelInferAsync(message, options), request.Timeout ?? _options.Timeout, cancellationToken)
            .ConfigureAwait(false), request);
    }

    /// <summary>A stream of calls; ends with the token.</summary>
    public InferStream OpenStream(CancellationToken cancellationToken = default) =>
        new(_client.ModelStreamInfer(cancellationToken: cancellationToken));

    /// <inheritdoc/>
    public Task<bool> IsServerLiveAsync(CancellationToken cancellationToken = default) => IsAsync(
        async options => (await _client.ServerLiveAsync(new ServerLiveRequest(), options).ConfigureAwait(false)).Live, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> IsServerReadyAsync(CancellationToken cancellationToken = default) => IsAsync(
        async options => (await _client.ServerReadyAsync(new ServerReadyRequest(), options).ConfigureAwait(false)).Ready,
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> IsModelReadyAsync(string model, string? version = null, CancellationToken cancellationToken = default)
    {
        var request = new ModelReadyRequest { Name = model, Version = version ?? "" };
        return IsAsync(async options => (await _client.ModelReadyAsync(request, options).ConfigureAwait(false)).Ready, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ServerMetadata> GetServerMetadataAsync(CancellationToken cancellationToken = default) => GrpcMetadata.Of(
        await CallAsync(options => _client.ServerMetadataAsync(new ServerMetadataRequest(), options), cancellationToken)
            .ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<ModelMetadata> GetModelMetadataAsync(
        string model, string? version = null, CancellationToken cancellationToken = default)
    {
        var request = new ModelMetadataRequest { Name = model, Version = version ?? "" };
        return GrpcMetadata.Of(
            await CallAsync(options => _client.ModelMetadataAsync(request, options), cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<JsonElement> GetModelConfigurationAsync(
        string model, string? version = null, CancellationToken cancellationToken = default)
    {
        var request = new ModelConfigRequest { Name = model, Version = version ?? "" };
        var answer = await CallAsync(options => _client.ModelConfigAsync(request, options), cancellationToken).ConfigureAwait(false);
        using var json = JsonDocument.Parse(Json.Format(answer.Config ?? new ModelConfig()));
        return json.RootElement.Clone();
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<ModelStatistics>> GetModelStatisticsAsync(
        string? model = null, string? version = null, CancellationToken cancellationToken = default)
    {
        var request = new ModelStatisticsRequest { Name = model ?? "", Version = version ?? "" };
        return GrpcMetadata.Of(
            await CallAsync(options => _client.ModelStatisticsAsync(request, options), cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<RepositoryModel>> GetRepositoryIndexAsync(
        bool readyOnly = false, CancellationToken cancellationToken = default)
    {
        var request = new RepositoryIndexRequest { Ready = readyOnly };
        return GrpcMetadata.Of(
            await CallAsync(options => _client.RepositoryIndexAsync(request, options), cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task LoadModelAsync(string model, CancellationToken cancellationToken = default) => CallAsync(
        options => _client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = model }, options), cancellationToken);

    /// <inheritdoc/>
    public Task UnloadModelAsync(string model, CancellationToken cancellationToken = default) => CallAsync(
        options => _client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = model }, options), cancellationToken);

    /// <inheritdoc/>
    public Task RegisterSharedMemoryAsync(SharedMemoryRegion region, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(region);
        var request = new SystemSharedMemoryRegisterRequest
        {
            Name = region.Name,
            Key = region.Key,
            ByteSize = (ulong)region.ByteSize,
        };
        return CallAsync(options => _client.SystemSharedMemoryRegisterAsync(request, options), cancellationToken);
    }

    /// <inheritdoc/>
    public Task UnregisterSharedMemoryAsync(string? region = null, CancellationToken cancellationToken = default)
    {
        var request = new SystemSharedMemoryUnregisterRequest { Name = region ?? "" };
        return CallAsync(options => _client.SystemSharedMemoryUnregisterAsync(request, options), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<SharedMemoryStatus>> GetSharedMemoryStatusAsync(
        string? region = null, CancellationToken cancellationToken = default)
    {
        var request = new SystemSharedMemoryStatusRequest { Name = region ?? "" };
        return GrpcMetadata.Of(
            await CallAsync(options => _client.SystemSharedMemoryStatusAsync(request, options), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Closes the channel, where it is its own.</summary>
    public void Dispose()
    {
        if (_isOwner)
        {
            _channel.Dispose();
        }
    }

    private static GrpcChannel Channel(Uri address, InferenceClientOptions options) => GrpcChannel.ForAddress(
        address,
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true,
                PooledConnectionLifetime = Connections.Lifetime,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = (int)Math.Min(options.MaxAnswerBytes, int.MaxValue),
            MaxSendMessageSize = null,
        });

    private async Task<bool> IsAsync(Func<RpcOptions, Task<bool>> call, CancellationToken cancellationToken)
    {
        try
        {
            var options = Options(_options.Timeout, cancellationToken);
            return await GrpcCalls.RunAsync(() => call(options), cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceServerException e) when (e.IsTransient || e.Error is InferenceError.NotFound or InferenceError.InvalidRequest)
        {
            return false;
        }
    }

    private Task<T> CallAsync<T>(Func<RpcOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, _options.Timeout, cancellationToken);

    private static Task<T> CallAsync<T>(
        Func<RpcOptions, AsyncUnaryCall<T>> call, TimeSpan timeout, CancellationToken cancellationToken) => GrpcCalls.RunAsync(
        async () =>
        {
            using var running = call(Options(timeout, cancellationToken));
            return await running.ConfigureAwait(false);
        },
        cancellationToken);

    private static RpcOptions Options(TimeSpan timeout, CancellationToken cancellationToken) => new(
        deadline: timeout == Timeout.InfiniteTimeSpan || timeout > LongestDeadline ? null
            : DateTime.UtcNow + (timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero),
        cancellationToken: cancellationToken);
}
