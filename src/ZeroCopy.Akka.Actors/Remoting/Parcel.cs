using System.Collections.Immutable;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// A message that is ready to be sent: as it is where a frame holds it, else written, to be sent in parts; or of which all parts have come.
/// </summary>
/// <param name="Whole">The message; null where it goes in parts.</param>
/// <param name="Id">Number of its request.</param>
/// <param name="Manifest">What <paramref name="Bytes"/> are.</param>
/// <param name="Bytes">The message as <see cref="Wire.WireSerializer"/> writes it.</param>
internal sealed record Parcel(ICallMessage? Whole, long Id, string Manifest, byte[] Bytes)
{
    public Parcel(ICallMessage message)
        : this(message, message.Id, "", [])
    {
    }

    /// <summary>
    /// Copies of the tensors of a whole message: it is written when whoever called or answered may have their memory back.
    /// </summary>
    public static ImmutableArray<NamedTensor> Copies(ImmutableArray<NamedTensor> tensors) =>
        [.. tensors.Select(tensor => tensor with { Tensor = new HostTensor(tensor.Tensor.Layout, tensor.Data.ToArray()) })];
}
