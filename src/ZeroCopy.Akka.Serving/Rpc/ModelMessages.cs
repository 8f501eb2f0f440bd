using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Rpc;

/// <summary>Messages that say what a model is.</summary>
internal static class ModelMessages
{
    public static ModelMetadataResponse Metadata(IModelEndpoint endpoint, ModelSignature signature, IEnumerable<string> versions)
    {
        var method = signature.Find("");
        var message = new ModelMetadataResponse { Name = endpoint.Name, Platform = ServerIdentity.Platform };
        message.Versions.Add(versions);
        message.Inputs.Add((method?.Inputs ?? []).Select(Tensor));
        message.Outputs.Add((method?.Outputs ?? []).Select(Tensor));
        return message;
    }

    public static ModelConfig Configuration(IModelEndpoint endpoint, ModelSignature signature)
    {
        var method = signature.Find("");
        var message = new ModelConfig
        {
            Name = endpoint.Name,
            Platform = ServerIdentity.Platform,
            Backend = ServerIdentity.Name,
        };
        message.Input.Add((method?.Inputs ?? []).Select(value =>
        {
            var input = new ModelInput { Name = value.Name, DataType = TypeOf(value), Optional = value.IsOptional };
            input.Dims.Add(value.Sizes());
            return input;
        }));
        message.Output.Add((method?.Outputs ?? []).Select(value =>
        {
            var output = new ModelOutput { Name = value.Name, DataType = TypeOf(value) };
            output.Dims.Add(value.Sizes());
            return output;
        }));
        message.Parameters.Add("signature", new ModelParameter { StringValue = SignatureJson.ToJson(signature) });
        return message;
    }

    public static OpenInference.ModelStatistics Statistics(IModelEndpoint endpoint, CallTotals totals) => new()
    {
        Name = endpoint.Name,
        Version = ModelVersion.Text(endpoint.Version),
        LastInference = (ulong)totals.LastMilliseconds,
        InferenceCount = (ulong)totals.Success.Count,
        ExecutionCount = (ulong)totals.Executions,
        InferenceStats = new InferStatistics
        {
            Success = Duration(totals.Success),
            Fail = Duration(totals.Fail),
            Queue = Duration(totals.Queue),
            ComputeInput = Duration(totals.Input),
            ComputeInfer = Duration(totals.Infer),
            ComputeOutput = Duration(totals.Output),
            CacheHit = new StatisticDuration(),
            CacheMiss = new StatisticDuration(),
        },
    };

    public static RepositoryIndexResponse.Types.ModelIndex Index(IModelEndpoint endpoint) => new()
    {
        Name = endpoint.Name,
        Version = ModelVersion.Text(endpoint.Version),
        State = Models.StateOf(endpoint),
        Reason = endpoint.LastError ?? "",
    };

    private static ModelMetadataResponse.Types.TensorMetadata Tensor(ValueSignature value)
    {
        var tensor = new ModelMetadataResponse.Types.TensorMetadata
        {
            Name = value.Name,
            Datatype = value.Datatype() ?? SignatureTypes.AnyDatatype,
        };
        tensor.Shape.Add(value.Sizes());
        return tensor;
    }

    // The configuration's words for them differ in case alone, but for texts.
    private static DataType TypeOf(ValueSignature value) => (value.Datatype() ?? SignatureTypes.AnyDatatype) switch
    {
        Protocol.Datatype.Bytes => DataType.TypeString,
        var name => Enum.Parse<DataType>($"Type{name}", ignoreCase: true),
    };

    private static StatisticDuration Duration(CallTime time) => new() { Count = (ulong)time.Count, Ns = (ulong)time.Nanoseconds };
}
