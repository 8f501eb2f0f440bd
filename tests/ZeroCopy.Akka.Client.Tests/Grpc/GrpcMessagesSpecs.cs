using Google.Protobuf;
using ZeroCopy.Client.Grpc;
using ZeroCopy.OpenInference;

namespace ZeroCopy.Client.Tests.Grpc;

/// <summary>Answers of servers that send lists of elements, and of servers that do not keep to the protocol.</summary>
public sealed class GrpcMessagesSpecs
{
    [Theory]
    [InlineData("BOOL", """{"boolContents":[true,false]}""", "01 00")]
    [InlineData("INT8", """{"intContents":[-1,2]}""", "FF 02")]
    [InlineData("INT16", """{"intContents":[-1,2]}""", "FF FF 02 00")]
    [InlineData("INT32", """{"intContents":[-1,2]}""", "FF FF FF FF 02 00 00 00")]
    [InlineData("INT64", """{"int64Contents":[1,2]}""", "01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00")]
    [InlineData("UINT8", """{"uintContents":[1,255]}""", "01 FF")]
    [InlineData("UINT16", """{"uintContents":[1,65535]}""", "01 00 FF FF")]
    [InlineData("UINT32", """{"uintContents":[1,2]}""", "01 00 00 00 02 00 00 00")]
    [InlineData("UINT64", """{"uint64Contents":[1,2]}""", "01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00")]
    [InlineData("FP32", """{"fp32Contents":[1,2]}""", "00 00 80 3F 00 00 00 40")]
    [InlineData("FP64", """{"fp64Contents":[1,2]}""", "00 00 00 00 00 00 F0 3F 00 00 00 00 00 00 00 40")]
    [InlineData("BYTES", """{"bytesContents":["YQ==",""]}""", "01 00 00 00 61 00 00 00 00")]
    public void Answer_should_take_elements_from_lists(string datatype, string contents, string bytes)
    {
        var answer = Answer($$"""{"name":"x","datatype":"{{datatype}}","shape":[2],"contents":{{contents}}}""");

        using var result = GrpcMessages.Of(answer, null);

        Assert.Equal(bytes, BitConverter.ToString(result["x"].Data.ToArray()).Replace('-', ' '));
    }

    [Theory]
    [InlineData("""{"name":"x","datatype":"FP33","shape":[1]}""", null, "'FP33', which is no element type")]
    [InlineData("""{"name":"x","datatype":"FP32","shape":[2],"contents":{"fp32Contents":[1]}}""", null, "has 4 bytes")]
    [InlineData("""{"name":"x","datatype":"FP16","shape":[1]}""", null, "has 0 bytes")]
    [InlineData("""{"name":"x","datatype":"FP32","shape":[1]}""", "AAA=", "has 2 bytes")]
    [InlineData("""{"name":"x","datatype":"FP32","shape":[-1]}""", "AAAAAA==", "has shape [-1]")]
    [InlineData("""{"name":"x","datatype":"BYTES","shape":[1]}""", "AQAAAA==", "other strings")]
    [InlineData("""{"name":"x","datatype":"INT8","shape":[1]},{"name":"y","datatype":"INT8","shape":[1]}""", "AA==", "elements of 1")]
    public void Answer_should_be_refused_where_it_is_not_the_protocol(string outputs, string? raw, string problem)
    {
        var answer = Answer(outputs);
        if (raw is not null)
        {
            answer.RawOutputContents.Add(ByteString.FromBase64(raw));
        }

        var error = Assert.Throws<InferenceServerException>(() => GrpcMessages.Of(answer, null));

        Assert.Equal(InferenceError.InvalidAnswer, error.Error);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void Statistics_should_be_refused_where_their_time_is_in_no_calendar(ulong time)
    {
        var answer = new ModelStatisticsResponse { ModelStats = { new ModelStatistics { Name = "m", LastInference = time } } };

        var error = Assert.Throws<InferenceServerException>(() => GrpcMetadata.Of(answer));

        Assert.Equal(InferenceError.InvalidAnswer, error.Error);
    }

    private static ModelInferResponse Answer(string outputs) =>
        JsonParser.Default.Parse<ModelInferResponse>($$"""{"modelName":"m","outputs":[{{outputs}}]}""");
}
