using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using ZeroCopy.OpenInference;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A client of the protocol's gRPC service, and of others that a server has beside it.</summary>
internal sealed class RpcClient(string address) : IDisposable
{
    public const string Service = "inference.GRPCInferenceService";

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(message => message, message => message);

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(
        address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });

    public CallInvoker Invoker => _channel.CreateCallInvoker();

    /// <summary>Calls a model.</summary>
    public AsyncUnaryCall<ModelInferResponse> Infer(ModelInferRequest request, Grpc.Core.CallOptions options = default) =>
        Call<ModelInferRequest, ModelInferResponse>("ModelInfer", request, options);

    /// <summary>A stream of calls.</summary>
    public AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> Stream(Grpc.Core.CallOptions options = default) =>
        Invoker.AsyncDuplexStreamingCall(
            Method<ModelInferRequest, ModelStreamInferResponse>(MethodType.DuplexStreaming, "ModelStreamInfer", Service), null, options);

    /// <summary>Calls a method of one message and one answer.</summary>
    public AsyncUnaryCall<TAnswer> Call<TRequest, TAnswer>(
        string method, TRequest request, Grpc.Core.CallOptions options = default, string service = Service)
        where TRequest : class, IMessage<TRequest>, new()
        where TAnswer : class, IMessage<TAnswer>, new() =>
        Invoker.AsyncUnaryCall(Method<TRequest, TAnswer>(MethodType.Unary, method, service), null, options, request);

    /// <summary>Calls a method with bytes that may be no message of it.</summary>
    public async Task CallRawAsync(string method, byte[] message) => await Invoker.AsyncUnaryCall(
        new Method<byte[], byte[]>(MethodType.Unary, Service, method, Bytes, Bytes), null, default, message);

    /// <summary>A stream of calls with bytes that may be no messages of it.</summary>
    public AsyncDuplexStreamingCall<byte[], byte[]> StreamRaw(CancellationToken cancellationToken) => Invoker.AsyncDuplexStreamingCall(
        new Method<byte[], byte[]>(MethodType.DuplexStreaming, Service, "ModelStreamInfer", Bytes, Bytes), null,
        new Grpc.Core.CallOptions(cancellationToken: cancellationToken));

    /// <summary>The call is refused with one line that has these words.</summary>
    public async Task<RpcException> RefusedAsync(ModelInferRequest request, StatusCode status, params string[] words)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await Infer(request));
        Assert.True(status == refusal.StatusCode, refusal.Status.ToString());
        Assert.DoesNotContain('\n', refusal.Status.Detail);
        Assert.All(words, word => Assert.Contains(word, refusal.Status.Detail, StringComparison.Ordinal));
        return refusal;
    }

    public void Dispose() => _channel.Dispose();

    private static Method<TRequest, TAnswer> Method<TRequest, TAnswer>(MethodType type, string method, string service)
        where TRequest : class, IMessage<TRequest>, new()
        where TAnswer : class, IMessage<TAnswer>, new() => new(type, service, method, Marshaller<TRequest>(), Marshaller<TAnswer>());

    private static Marshaller<T> Marshaller<T>()
        where T : class, IMessage<T>, new() =>
        Marshallers.Create(message => message.ToByteArray(), new MessageParser<T>(() => new T()).ParseFrom);
}
