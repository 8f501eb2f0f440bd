using System.Runtime.InteropServices;
using Google.Protobuf;
using ZeroCopy.OpenInference;
using InferInputTensor = ZeroCopy.OpenInference.ModelInferRequest.Types.InferInputTensor;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>Requests for inference.</summary>
internal static class RpcRequest
{
    /// <summary>One input of these raw bytes.</summary>
    public static ModelInferRequest Raw(string datatype, long[] shape, params byte[] bytes) => new()
    {
        ModelName = "identity",
        Inputs = { Input("x", datatype, shape) },
        RawInputContents = { ByteString.CopyFrom(bytes) },
    };

    /// <summary>One input whose elements are a list of the message.</summary>
    public static ModelInferRequest Typed(string datatype, long[] shape, InferTensorContents contents)
    {
        var input = Input("x", datatype, shape);
        input.Contents = contents;
        return new ModelInferRequest { ModelName = "identity", Inputs = { input } };
    }

    public static InferInputTensor Input(string name, string datatype, params long[] shape) =>
        new() { Name = name, Datatype = datatype, Shape = { shape } };

    public static ModelInferRequest.Types.InferRequestedOutputTensor Output(string name) => new() { Name = name };

    /// <summary>The bytes of elements.</summary>
    public static byte[] Bytes<T>(params T[] elements)
        where T : unmanaged => MemoryMarshal.AsBytes(elements.AsSpan()).ToArray();

    /// <summary>One input of one number.</summary>
    public static ModelInferRequest One() => Raw("FP32", [1], Bytes(1f));
}
