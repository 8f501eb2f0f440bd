using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;
using ZeroCopy.Actors.Wire;

namespace ZeroCopy;

/// <summary>
/// Sends wrappers between actor systems that have a <see cref="ZeroCopyHost"/>: <see cref="ModelWrapper.Serialize"/>'s bytes under the
/// manifest <c>w1</c>. The receiver gets the untyped form.
/// </summary>
public sealed class ModelWrapperSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string WrapperManifest = "w1";

    private static readonly Config Settings = ConfigurationFactory.ParseString($$"""
        akka.actor {
          serializers.zerocopy-wrapper = "{{typeof(ModelWrapperSerializer).TypeQualifiedName()}}"
          serialization-bindings { "{{typeof(ModelWrapper).TypeQualifiedName()}}" = zerocopy-wrapper }
          serialization-identifiers { "{{typeof(ModelWrapperSerializer).TypeQualifiedName()}}" = 7902 }
        }
        """);

    /// <inheritdoc/>
    public override int Identifier => 7902;

    /// <summary>Binds wrappers to it in an actor system that has a host.</summary>
    internal static void Register(ActorSystem system) => SerializerBinding.Add(system, "zerocopy-wrapper", Settings);

    /// <inheritdoc/>
    public override string Manifest(object o) => o is ModelWrapper ? WrapperManifest : throw Unknown(o?.GetType().ToString());

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) =>
        obj is ModelWrapper wrapper ? wrapper.Serialize() : throw Unknown(obj?.GetType().ToString());

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => manifest == WrapperManifest
        ? ModelWrapper.Deserialize(bytes, ZeroCopyHost.For(system))
        : throw Unknown(manifest);

    private static SerializationException Unknown(string? what) => new($"'{what}' is no model wrapper.");
}
