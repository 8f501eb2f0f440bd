using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>The gRPC service of the protocol.</summary>
internal sealed class InferenceService(
    Models models,
    Calls.ModelStatistics statistics,
    ModelCalls calls,
    Drain drain,
    SharedRegions regions,
    HealthCheckService checks,
    ServingOptions options,
    TimeProvider clock,
    ILogger<InferenceService> logger)
    : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    public override async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) => new()
    {
        Ready = await Readiness.ProblemAsync(checks, context.CancellationToken).ConfigureAwait(false) is null,
    };

    /// <summary>A model that there is none of is not ready: the question has an answer.</summary>
    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) => new()
    {
        Ready = await models.TryFindAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false)
            is { State: EndpointState.Ready },
    };

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse
        {
            Name = ServerIdentity.Name,
            Version = ServerIdentity.Version,
            Extensions = { ServerIdentity.Extensions(options) },
        });

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var endpoint = await models.FindAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false);
        var signature = await endpoint.GetSignatureAsync(context.CancellationToken).ConfigureAwait(false);
        var versions = await models.VersionsAsync(endpoint, context.CancellationToken).ConfigureAwait(false);
        return ModelMessages.Metadata(endpoint, signature, versions);
    }

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context)
    {
        var endpoint = await models.FindAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false);
        var signature = await endpoint.GetSignatureAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelConfigResponse { Config = ModelMessages.Configuration(endpoint, signature) };
    }

    public override async Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        IEnumerable<IModelEndpoint> endpoints = request.Name.Length > 0
            ? [await models.FindAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false)]
            : await models.ListAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelStatisticsResponse
        {
            ModelStats = { endpoints.Select(endpoint => ModelMessages.Statistics(endpoint, statistics.Read(endpoint))) },
        };
    }

    public override async Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context)
    {
        var endpoints = await models.ListAsync(context.CancellationToken).ConfigureAwait(false);
        return new RepositoryIndexResponse
        {
            Models =
            {
                endpoints.Where(endpoint => !request.Ready || endpoint.State == EndpointState.Ready).Select(ModelMessages.Index),
            },
        };
    }

    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(
        RepositoryModelLoadRequest request, ServerCallContext context)
    {
        LoadParameters.Require(request.Parameters.Keys);
        await models.LoadAsync(request.ModelName, context.CancellationToken).ConfigureAwait(false);
        return new RepositoryModelLoadResponse();
    }

    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(
        RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        await models.UnloadAsync(request.ModelName, context.CancellationToken).ConfigureAwait(false);
        return new RepositoryModelUnloadResponse();
    }

    public override Task<SystemSharedMemoryStatusResponse> SystemSharedMemoryStatus(
        SystemSharedMemoryStatusRequest request, ServerCallContext context)
    {
        var message = new SystemSharedMemoryStatusResponse();
        foreach (var (name, region) in regions.List(request.Name))
        {
            message.Regions.Add(name, new SystemSharedMemoryStatusResponse.Types.RegionStatus
            {
                Name = name,
                Key = region.Key,
                Offset = (ulong)region.Offset,
                ByteSize = (ulong)region.Size,
            });
        }

        return Task.FromResult(message);
    }

    public override Task<SystemSharedMemoryRegisterResponse> SystemSharedMemoryRegister(
        SystemSharedMemoryRegisterRequest request, ServerCallContext context)
    {
        // No object is as large as what 63 bits do not count.
        var (offset, size) = (Math.Min(request.Offset, long.MaxValue), Math.Min(request.ByteSize, long.MaxValue));
        regions.Register(request.Name, request.Key, (long)offset, (long)size);
        return Task.FromResult(new SystemSharedMemoryRegisterResponse());
    }

    public override Task<SystemSharedMemoryUnregisterResponse> SystemSharedMemoryUnregister(
        SystemSharedMemoryUnregisterRequest request, ServerCallContext context)
    {
        regions.Unregister(request.Name);
        return Task.FromResult(new SystemSharedMemoryUnregisterResponse());
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        // The reply is sent when this method has returned: its outputs lie in the answer, or where a model that copies nothing found them.
        var response = context.GetHttpContext().Response;
        var memory = new RequestMemory();
        response.RegisterForDispose(memory);
        ModelInferResponse? reply = null;
        var time = context.GetHttpContext().Features.Get<RequestTime>() ?? new RequestTime(clock);
        await InferAsync(request, context, time, memory, (read, endpoint, answer) =>
        {
            response.RegisterForDispose(answer);
            reply = InferReply.Of(read, endpoint, answer);
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        return reply!;
    }

    public override async Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream,
        IServerStreamWriter<ModelStreamInferResponse> responseStream,
        ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, drain.Closed);
        while (await MoveNextAsync().ConfigureAwait(false))
        {
            var request = requestStream.Current;
            using var memory = new RequestMemory();
            try
            {
                await InferAsync(request, context, new RequestTime(clock), memory, async (read, endpoint, answer) =>
                {
                    using (answer)
                    {
                        var reply = new ModelStreamInferResponse { InferResponse = InferReply.Of(read, endpoint, answer) };
                        await responseStream.WriteAsync(reply, context.CancellationToken).ConfigureAwait(false);
                    }
                }).ConfigureAwait(false);
            }
            catch (Exception error) when (!context.CancellationToken.IsCancellationRequested)
            {
                // The stream goes on: its other calls are not to blame.
                var refusal = new ModelStreamInferResponse
                {
                    ErrorMessage = RpcBoundary.Message(error, context, logger),
                    InferResponse = new ModelInferResponse { Id = request.Id },
                };
                await responseStream.WriteAsync(refusal, context.CancellationToken).ConfigureAwait(false);
            }
        }

        async Task<bool> MoveNextAsync()
        {
            try
            {
                return await requestStream.MoveNext(ended.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (ended.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
            {
                // A client that has nothing to ask may hold its stream open for ever. The read ends as a cancelled or as a broken one.
                throw new InferenceException(
                    InferenceFailure.ShuttingDown,
                    "The server is shutting down: open another stream, and send there again what was not answered.", e);
            }
        }
    }

    private Task InferAsync(
        ModelInferRequest request,
        ServerCallContext context,
        RequestTime time,
        RequestMemory memory,
        Func<InferRequest, IModelEndpoint, ModelAnswer, ValueTask> send) => calls.RunAsync(
            request.ModelName,
            request.ModelVersion,
            time,
            context.Deadline == DateTime.MaxValue ? null : context.Deadline - clock.GetUtcNow().UtcDateTime + time.Elapsed,
            async _ =>
            {
                var read = new InferMessage(request, options).Read();
                if (read.UsesRegions)
                {
                    await RegionAccess.RequireAsync(context.GetHttpContext(), options).ConfigureAwait(false);
                }

                return regions.Open(read, memory);
            },
            send,
            context.CancellationToken);
}
