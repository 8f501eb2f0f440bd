using Grpc.Core;
using Grpc.Net.Client;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>Calls of gRPC whose messages are bytes, as they were recorded.</summary>
internal static class RawCall
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(message => message, message => message);

    /// <summary>Calls a method by its full name, such as <c>/package.Service/Method</c>.</summary>
    public static async Task<byte[]> SendAsync(Uri server, string method, byte[] message, Metadata? headers = null)
    {
        using var channel = GrpcChannel.ForAddress(server);
        var names = method.Trim('/').Split('/');
        return await channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, names[0], names[1], Bytes, Bytes), null,
            new Grpc.Core.CallOptions(headers), message);
    }
}
