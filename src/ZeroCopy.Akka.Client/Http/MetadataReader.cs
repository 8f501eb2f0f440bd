using System.Collections.Immutable;
using ZeroCopy.Client.Metadata;

namespace ZeroCopy.Client.Http;

/// <summary>Reads what a server says of itself and its models.</summary>
internal static class MetadataReader
{
    public static ServerMetadata Server(AnswerField server) => new(
        server.Text("name"), server.OptionalText("version") ?? "",
        [.. server.Optional("extensions")?.Items().Select(static name => name.Text()) ?? []]);

    public static ModelMetadata Model(AnswerField model) => new(
        model.Text("name"),
        [.. model.Optional("versions")?.Items().Select(static version => version.Text()) ?? []],
        model.OptionalText("platform") ?? "",
        [.. model.Optional("inputs")?.Items().Select(Tensor) ?? []],
        [.. model.Optional("outputs")?.Items().Select(Tensor) ?? []]);

    public static ImmutableArray<RepositoryModel> Index(AnswerField index) =>
    [
        .. index.Items().Select(static model => new RepositoryModel(
            model.Text("name"), NotEmpty(model.OptionalText("version")), NotEmpty(model.OptionalText("state")),
            NotEmpty(model.OptionalText("reason")))),
    ];

    public static ImmutableArray<ModelStatistics> Statistics(AnswerField answer) =>
    [
        .. answer.Items("model_stats").Select(static model =>
        {
            var times = model.Field("inference_stats");
            return new ModelStatistics(
                model.Text("name"),
                NotEmpty(model.OptionalText("version")),
                ServerTime.OfLastCall((ulong)Whole(model, "last_inference")),
                Whole(model, "inference_count"),
                Whole(model, "execution_count"),
                Statistic(times, "success"),
                Statistic(times, "fail"),
                Statistic(times, "queue"),
                Statistic(times, "compute_input"),
                Statistic(times, "compute_infer"),
                Statistic(times, "compute_output"));
        }),
    ];

    public static ImmutableArray<SharedMemoryStatus> Regions(AnswerField regions) =>
    [
        .. regions.Items().Select(static region => new SharedMemoryStatus(
            region.Text("name"), region.Text("key"), Whole(region, "offset"), Whole(region, "byte_size"))),
    ];

    private static TensorMetadata Tensor(AnswerField tensor) =>
        new(tensor.Text("name"), tensor.Datatype("datatype"), tensor.Sizes("shape"));

    private static CallStatistic Statistic(AnswerField times, string name) => times.Optional(name) is { } statistic
        ? new CallStatistic(Whole(statistic, "count"), TimeSpan.FromTicks(Whole(statistic, "ns") / 100))
        : new CallStatistic(0, TimeSpan.Zero);

    private static long Whole(AnswerField parent, string name) => parent.Optional(name)?.Whole() ?? 0;

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
