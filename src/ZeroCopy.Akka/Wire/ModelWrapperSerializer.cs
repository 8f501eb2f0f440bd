using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ZeroCopy.Wire;

/// <summary>
/// Sends wrappers between actor systems: <see cref="ModelWrapper.Serialize"/>'s bytes under the manifest <c>w1</c>. The receiver gets the untyped form.
/// </summary>
public sealed class ModelWrapperSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string WrapperManifest = "w1";

    /// <summary>Binds the serializer to <see cref="ModelWrapper"/>; part of an actor system's HOCON.</summary>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString("""
        akka.actor {
          serializers.zerocopy-wrapper = "ZeroCopy.Wire.ModelWrapperSerializer, ZeroCopy.Akka"
          serialization-bindings { "ZeroCopy.ModelWrapper, ZeroCopy.Akka" = zerocopy-wrapper }
          serialization-identifiers { "ZeroCopy.Wire.ModelWrapperSerializer, ZeroCopy.Akka" = 7902 }
        }
        """);

    /// <inheritdoc/>
    public override int Identifier => 7902;

    /// <inheritdoc/>
    public override string Manifest(object o) => o is ModelWrapper ? WrapperManifest : throw Unknown(o?.GetType().ToString());

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is ModelWrapper wrapper ? wrapper.Serialize() : throw Unknown(obj?.GetType().ToString());

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => manifest == WrapperManifest
        ? ModelWrapper.Deserialize(bytes, HostOfSystem.Of(system))
        : throw Unknown(manifest);

    private static SerializationException Unknown(string? what) => new($"'{what}' is no model wrapper.");
}
