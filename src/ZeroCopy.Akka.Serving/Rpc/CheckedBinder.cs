using System.Buffers;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// Binds the methods of the service so that a message that cannot be read is the caller's fault, and none takes too much.
/// </summary>
internal sealed class CheckedBinder(ServiceMethodProviderContext<InferenceMethods.Provider> routes, ServingOptions options)
    : ServiceBinderBase
{
    /// <summary>Most bytes of a message that has no tensors.</summary>
    private const int MostBytes = 1 << 20;

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        routes.AddUnaryMethod(Checked(method), [], (_, request, context) => handler!(request, context));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        routes.AddDuplexStreamingMethod(
            Checked(method), [], (_, requests, responses, context) => handler!(requests, responses, context));

    private Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method) => new(
        method.Type,
        method.ServiceName,
        method.Name,
        new Marshaller<TRequest>(
            method.RequestMarshaller.ContextualSerializer, context => Read(context, method.RequestMarshaller.ContextualDeserializer)),
        method.ResponseMarshaller);

    private T Read<T>(DeserializationContext context, Func<DeserializationContext, T> read)
    {
        try
        {
            Require<T>(context.PayloadAsReadOnlySequence());
            return read(context);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Refusal(StatusCode.InvalidArgument, $"The message is no {typeof(T).Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
        catch (RequestException e)
        {
            throw Refusal(StatusCode.InvalidArgument, e.Message);
        }
    }

    private void Require<T>(in ReadOnlySequence<byte> message)
    {
        if (typeof(T) == typeof(ModelInferRequest))
        {
            MessageScan.Require(in message, options);
        }
        else if (message.Length > MostBytes)
        {
            throw Refusal(
                StatusCode.ResourceExhausted, $"The message has {message.Length} bytes; a {typeof(T).Name} has {MostBytes} at most.");
        }
    }

    private static RpcException Refusal(StatusCode status, string message) => new(new Status(status, message));
}
