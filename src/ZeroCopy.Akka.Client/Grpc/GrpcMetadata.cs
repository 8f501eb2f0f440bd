using System.Collections.Immutable;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Client.Tensors;
using ZeroCopy.OpenInference;
using ModelStatistics = ZeroCopy.Client.Metadata.ModelStatistics;

namespace ZeroCopy.Client.Grpc;

/// <summary>What a server says of itself and its models, from its messages.</summary>
internal static class GrpcMetadata
{
    public static ServerMetadata Of(ServerMetadataResponse server) => new(server.Name, server.Version, [.. server.Extensions]);

    public static ModelMetadata Of(ModelMetadataResponse model) =>
        new(model.Name, [.. model.Versions], model.Platform, [.. model.Inputs.Select(Of)], [.. model.Outputs.Select(Of)]);

    public static ImmutableArray<RepositoryModel> Of(RepositoryIndexResponse index) =>
    [
        .. index.Models.Select(static model => new RepositoryModel(
            model.Name, GrpcMessages.NotEmpty(model.Version), GrpcMessages.NotEmpty(model.State), GrpcMessages.NotEmpty(model.Reason))),
    ];

    public static ImmutableArray<ModelStatistics> Of(ModelStatisticsResponse statistics) =>
    [
        .. statistics.ModelStats.Select(static model => new ModelStatistics(
            model.Name,
            GrpcMessages.NotEmpty(model.Version),
            ServerTime.OfLastCall(model.LastInference),
            (long)model.InferenceCount,
            (long)model.ExecutionCount,
            Of(model.InferenceStats?.Success),
            Of(model.InferenceStats?.Fail),
            Of(model.InferenceStats?.Queue),
            Of(model.InferenceStats?.ComputeInput),
            Of(model.InferenceStats?.ComputeInfer),
            Of(model.InferenceStats?.ComputeOutput))),
    ];

    public static ImmutableArray<SharedMemoryStatus> Of(SystemSharedMemoryStatusResponse status) =>
    [
        .. status.Regions.Values.OrderBy(static region => region.Name, StringComparer.Ordinal).Select(
            static region => new SharedMemoryStatus(region.Name, region.Key, (long)region.Offset, (long)region.ByteSize)),
    ];

    private static TensorMetadata Of(ModelMetadataResponse.Types.TensorMetadata tensor) =>
        DatatypeExtensions.TryParse(tensor.Datatype, out var datatype)
            ? new TensorMetadata(tensor.Name, datatype, [.. tensor.Shape])
            : throw InferenceServerException.NotProtocol($"'{tensor.Name}' is of '{tensor.Datatype}', which is no element type");

    private static CallStatistic Of(StatisticDuration? duration) =>
        new((long)(duration?.Count ?? 0), TimeSpan.FromTicks((long)(duration?.Ns ?? 0) / TimeSpan.NanosecondsPerTick));
}
