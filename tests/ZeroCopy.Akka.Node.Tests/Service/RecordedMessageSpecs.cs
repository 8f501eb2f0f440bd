using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using ZeroCopy.OpenInference;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>
/// Messages of real gRPC clients, sent to a node byte for byte as they were recorded, and the answers that those clients must get.
/// </summary>
public abstract class RecordedMessageSpecs(RecordedModels models)
{
    private const float Tolerance = 1e-5f;

    private static string Folder => Path.Combine(RepositoryRoot.SharedRequests!, "grpc");

    public static TheoryData<string> Messages() => RepositoryRoot.SharedRequests is null
        ? ["none"]
        : [.. Directory.GetFiles(Folder, "*.pb").Select(file => Path.GetFileNameWithoutExtension(file)!).Order()];

    [SkippableTheory]
    [MemberData(nameof(Messages))]
    public async Task Node_should_answer_as_the_client_needs(string name)
    {
        Skip.If(RepositoryRoot.SharedRequests is null, "The folder with recorded requests is not beside the repository.");
        var recorded = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json"))).RootElement;
        var expected = recorded.GetProperty("answer");
        var (method, request) = (recorded.GetProperty("method").GetString()!, File.ReadAllBytes(Path.Combine(Folder, $"{name}.pb")));
        var call = RawCall.SendAsync(models.Grpc, method, request);

        if (expected.ValueKind == JsonValueKind.Object && expected.TryGetProperty("code", out var code))
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => call);
            Assert.Equal(code.GetString()!.Replace("_", "", StringComparison.Ordinal), $"{refusal.StatusCode}", ignoreCase: true);
            Assert.NotEmpty(refusal.Status.Detail);
            return;
        }

        var answer = await call;
        if (name.EndsWith("unload", StringComparison.Ordinal))
        {
            // The others find the models as they were.
            await RawCall.SendAsync(
                models.Grpc, "/inference.GRPCInferenceService/RepositoryModelLoad", File.ReadAllBytes(Path.Combine(Folder, "09-load.pb")));
        }

        if (expected.ValueKind == JsonValueKind.Object)
        {
            AssertOutputs(expected, ModelInferResponse.Parser.ParseFrom(answer));
        }
        else
        {
            AssertSays(Parse(method, answer), request);
        }
    }

    private static IMessage Parse(string method, byte[] answer) => OpenInferenceReflection.Descriptor.Services.Single()
        .FindMethodByName(method[(method.LastIndexOf('/') + 1)..]).OutputType.Parser.ParseFrom(answer);

    /// <summary>What was recorded without an answer says what the node and its models are.</summary>
    private static void AssertSays(IMessage answer, byte[] request)
    {
        switch (answer)
        {
            case ServerLiveResponse live:
                Assert.True(live.Live);
                break;
            case ServerReadyResponse ready:
                Assert.True(ready.Ready);
                break;
            case ModelReadyResponse ready:
                Assert.True(ready.Ready);
                break;
            case ServerMetadataResponse server:
                Assert.NotEmpty(server.Name);
                Assert.Contains("binary_tensor_data", server.Extensions);
                break;
            case ModelMetadataResponse model:
                Assert.Equal(("mlp", 1, 1), (model.Name, model.Inputs.Count, model.Outputs.Count));
                break;
            case ModelConfigResponse model:
                Assert.Equal(("mlp", 1, 1), (model.Config.Name, model.Config.Input.Count, model.Config.Output.Count));
                break;
            case ModelStatisticsResponse models:
                Assert.Equal("mlp", Assert.Single(models.ModelStats).Name);
                break;
            case RepositoryIndexResponse index:
                Assert.Equal(["add_sub", "identity", "mlp"], index.Models.Select(model => model.Name).Order());
                break;
            case ModelInferResponse identity:
                Assert.Equal(ModelInferRequest.Parser.ParseFrom(request).RawInputContents, identity.RawOutputContents);
                break;
            default:
                Assert.Equal(0, answer.CalculateSize());
                break;
        }
    }

    private static void AssertOutputs(JsonElement expected, ModelInferResponse answer)
    {
        Assert.Equal(expected.GetProperty("id").GetString(), answer.Id);
        Assert.Equal(
            expected.GetProperty("outputs").EnumerateObject().Select(output => output.Name).Order(),
            answer.Outputs.Select(output => output.Name).Order());
        foreach (var (output, bytes) in answer.Outputs.Zip(answer.RawOutputContents))
        {
            var value = expected.GetProperty("outputs").GetProperty(output.Name);
            Assert.Equal(value.GetProperty("datatype").GetString(), output.Datatype);
            Assert.Equal(value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), output.Shape);
            var elements = value.GetProperty("data_base64").GetBytesFromBase64();
            if (output.Datatype == "FP32")
            {
                Assert.All(
                    MemoryMarshal.Cast<byte, float>(elements).ToArray().Zip(MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray()),
                    pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            }
            else
            {
                Assert.Equal(elements, bytes.ToByteArray());
            }
        }

        Assert.Equal(answer.Outputs.Count, answer.RawOutputContents.Count);
    }
}

/// <summary>By a node that holds the models.</summary>
public sealed class NodeRecordedMessageSpecs(RecordedModels models) : RecordedMessageSpecs(models), IClassFixture<RecordedModels>;

/// <summary>By a node of a cluster whose models another one holds.</summary>
public sealed class ClusterRecordedMessageSpecs(RecordedModelsOfCluster models)
    : RecordedMessageSpecs(models), IClassFixture<RecordedModelsOfCluster>;
