using System.Net;
using System.Reflection;
using System.Security.Authentication;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Transport;
using DotNetty.Handlers.Tls;
using DotNetty.Transport.Channels;

namespace ZeroCopy.Clustering.Trust;

/// <summary>
/// Has a TLS handshake that this node began and that failed be no more than a connection that could not be made. Akka.Remote ends the whole
/// actor system then, whoever the peer is, and no setting of it says otherwise: a false seed would end a healthy node. Akka makes one of
/// these, as the settings name it, and shows it the transport before that connects.
/// </summary>
internal sealed class HandshakeGuard : ITransportAdapterProvider
{
    /// <summary>Under which name the settings have it among the adapters of transports.</summary>
    public const string Name = "zerocopy-handshake";

    // Neither is public, nor is what has them. The specs of this fail when another version of Akka has others; a node goes on without.
    private const string LoopsName = "_clientEventLoopGroup";
    private const string PromiseName = "_tlsHandshakePromise";

    /// <inheritdoc/>
    public Transport Create(Transport wrappedTransport, ExtendedActorSystem system)
    {
        var log = Logging.GetLogger(system, typeof(HandshakeGuard));
        var field = Field(wrappedTransport.GetType(), LoopsName);
        if (field?.GetValue(wrappedTransport) is IEventLoopGroup plain)
        {
            field.SetValue(wrappedTransport, new MultithreadEventLoopGroup(group => new Loop(group, log), plain.Items.Count()));
            // Nothing has used it yet.
            _ = plain.ShutdownGracefullyAsync(TimeSpan.Zero, TimeSpan.Zero);
        }
        else
        {
            log.Warning("A failed TLS handshake ends this node: {0} is not as it was", wrappedTransport.GetType());
        }

        return wrappedTransport;
    }

    private static FieldInfo? Field(Type? type, string name) => type is null
        ? null
        : type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) ?? Field(type.BaseType, name);

    /// <summary>Where every connection that the node makes comes by before it has its other handlers, which go behind this one's.</summary>
    private sealed class Loop(IEventLoopGroup parent, ILoggingAdapter log) : SingleThreadEventLoop(parent), IEventLoopGroup
    {
        Task IEventLoopGroup.RegisterAsync(IChannel channel)
        {
            channel.Pipeline.AddLast(new Handler(log));
            return RegisterAsync(channel);
        }
    }

    /// <summary>Between TLS, which goes in front of all, and Akka's handlers of one connection.</summary>
    private sealed class Handler(ILoggingAdapter log) : ChannelHandlerAdapter
    {
        private EndPoint? _peer;

        public override void ChannelActive(IChannelHandlerContext context)
        {
            _peer = context.Channel.RemoteAddress;
            base.ChannelActive(context);
        }

        public override void UserEventTriggered(IChannelHandlerContext context, object evt)
        {
            if (evt is not TlsHandshakeCompletionEvent { IsSuccessful: false } failed
                || context.Channel.Pipeline.Last() is not { } last
                || Field(last.GetType(), PromiseName)?.GetValue(last) is not TaskCompletionSource<bool> promise)
            {
                base.UserEventTriggered(context, evt);
                return;
            }

            log.Warning("No connection to {0} (zerocopy.cluster.tls): {1}", Text(_peer), failed.Exception switch
            {
                NotSslRecordException => "it does not speak TLS",
                AuthenticationException e => e.Message,
                var e => $"it ended the TLS handshake: {e.Message}",
            });
            promise.TrySetException(failed.Exception);
            _ = context.CloseAsync();
        }

        /// <summary>As the settings have it: the socket says an address of IPv4 by IPv6.</summary>
        private static string Text(EndPoint? peer) => peer is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
            ? $"{mapped.Address.MapToIPv4()}:{mapped.Port}" : $"{peer}";
    }
}
