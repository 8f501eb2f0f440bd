using Google.Protobuf;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// The messages of a serializer, each registered once: under which manifest, which never changes, how it becomes Protocol Buffers, and how
/// it comes back. Thread-safe once it is filled.
/// </summary>
internal sealed class MessageTable
{
    private readonly Dictionary<Type, (string Manifest, Func<object, IMessage> Write)> _byType = [];
    private readonly Dictionary<string, Func<byte[], object>> _byManifest = new(StringComparer.Ordinal);

    /// <summary>Registers a message.</summary>
    /// <param name="manifest">What it is called on the wire.</param>
    /// <param name="write">Makes the generated type of it.</param>
    /// <param name="read">Makes it of the generated type, and checks what comes from the wire.</param>
    /// <exception cref="ArgumentException">The message or the manifest is registered already.</exception>
    public MessageTable Add<TMessage, TWire>(string manifest, Func<TMessage, TWire> write, Func<TWire, TMessage> read)
        where TMessage : class
        where TWire : class, IMessage<TWire>, new()
    {
        var parser = new MessageParser<TWire>(() => new TWire());
        _byType.Add(typeof(TMessage), (manifest, message => write((TMessage)message)));
        _byManifest.Add(manifest, bytes => read(parser.ParseFrom(bytes)));
        return this;
    }

    /// <summary>The manifest of a message.</summary>
    /// <exception cref="WireException">It is not registered.</exception>
    public string ManifestOf(object message) => Find(message).Manifest;

    /// <summary>A message as Protocol Buffers have it.</summary>
    /// <exception cref="WireException">It is not registered.</exception>
    public IMessage Write(object message) => Find(message).Write(message);

    /// <summary>Reads a message.</summary>
    /// <exception cref="WireException">The manifest is not registered.</exception>
    public object Read(byte[] bytes, string manifest) => _byManifest.TryGetValue(manifest, out var read)
        ? read(bytes)
        : throw new WireException($"'{manifest}' is not a message of ZeroCopy.Akka; does the other node run a newer version?");

    private (string Manifest, Func<object, IMessage> Write) Find(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return _byType.TryGetValue(message.GetType(), out var found)
            ? found
            : throw new WireException($"{message.GetType()} is not a message that ZeroCopy.Akka sends to other processes.");
    }
}
