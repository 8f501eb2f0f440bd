using Grpc.Core;

namespace ZeroCopy.Client.Grpc;

/// <summary>Runs calls and turns how they end into the client's own exceptions.</summary>
internal static class GrpcCalls
{
    public static async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (RpcException e)
        {
            throw GrpcFailure.Of(e);
        }
    }
}
