using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Store;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// An actor system with remoting on a free port of this machine, and an actor in it that loads the wrappers that it is sent.
/// </summary>
public sealed class RemoteLoader : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly ZeroCopyHost _host;

    public RemoteLoader(string directory, ModelCase model)
    {
        _system = ActorSystem.Create("models", Configuration);
        _host = ZeroCopyHost.Open(
            new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory }, ActorSystem = _system });
        var actor = _system.ActorOf(Props.Create(() => new Loader(model)), "loader");
        Path = actor.Path.ToStringWithAddress(((ExtendedActorSystem)_system).Provider.DefaultAddress);
    }

    /// <summary>Remoting on loopback.</summary>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString("""
        akka {
          actor.provider = remote
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
        }
        """);

    /// <summary>Where the actor is reached from another process.</summary>
    public string Path { get; }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        await _host.DisposeAsync();
    }

    private sealed class Loader : ReceiveActor
    {
        public Loader(ModelCase model) =>
            Receive<ModelWrapper>(
                wrapper => Sender.Tell(model.AnswerDigest(wrapper.As<nn.Module<Tensor, Tensor>>().Load(model.LoadOptions))));
    }
}
