using Google.Protobuf;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// The message of a model's answer. Its outputs stay where the model left them, so it is sent before the answer is disposed.
/// </summary>
internal static class InferReply
{
    /// <exception cref="RequestException">The outputs are not those that were asked for, or cannot be sent.</exception>
    public static ModelInferResponse Of(InferRequest request, IModelEndpoint endpoint, ModelAnswer answer)
    {
        var reply = new ModelInferResponse
        {
            ModelName = endpoint.Name,
            ModelVersion = ModelVersion.Text(ModelVersion.Of(endpoint, answer)),
            Id = request.Id ?? "",
        };
        foreach (var output in request.Select(answer.Outputs))
        {
            var tensor = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = Datatype.OfOutput(output) };
            tensor.Shape.Add(output.IsText ? [1] : output.Shape);
            reply.Outputs.Add(tensor);
            var asked = request.AskedFor(output.Name);
            if (asked?.Region is { } region)
            {
                RegionTensors.Write(output, asked);
                tensor.Parameters.Add(RegionUse.RegionParameter, new InferParameter { StringParam = region.Region });
                tensor.Parameters.Add("shared_memory_byte_size", new InferParameter { Int64Param = BinaryTensor.Size(output) });
                tensor.Parameters.Add("shared_memory_offset", new InferParameter { Int64Param = region.Offset });
            }

            reply.RawOutputContents.Add(asked?.Region is not null ? ByteString.Empty
                : output.IsText ? Text(output.Data.Span) : UnsafeByteOperations.UnsafeWrap(output.Data));
        }

        return reply;
    }

    /// <summary>A text has its length in front.</summary>
    private static ByteString Text(ReadOnlySpan<byte> utf8) => ByteString.CopyFrom([.. BitConverter.GetBytes(utf8.Length), .. utf8]);
}
