using ZeroCopy.Client.Tensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Client.Endpoints;

/// <summary>Element types of endpoints and of the protocol.</summary>
internal static class Datatypes
{
    // Both call them by the same words.
    private static readonly Dictionary<Datatype, DType> DTypes = Enum.GetValues<Datatype>()
        .Where(datatype => datatype != Datatype.Bytes).ToDictionary(datatype => datatype, datatype => Enum.Parse<DType>($"{datatype}"));

    private static readonly Dictionary<DType, Datatype> All = DTypes.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>The protocol's type; null where it has none.</summary>
    public static Datatype? Of(DType dtype) => All.TryGetValue(dtype, out var datatype) ? datatype : null;

    /// <summary>The element type; null for texts.</summary>
    public static DType? Of(Datatype datatype) => DTypes.TryGetValue(datatype, out var dtype) ? dtype : null;
}
