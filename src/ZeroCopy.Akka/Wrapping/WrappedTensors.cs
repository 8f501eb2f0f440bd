using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ZeroCopy.Manifests;

namespace ZeroCopy.Wrapping;

/// <summary>The tensors of a pipeline outside its modules, put together as one model.</summary>
/// <param name="Id">The model's id.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Paths">Places by the name of the tensor they hold.</param>
internal sealed record WrappedTensors(string Id, long Bytes, ImmutableSortedDictionary<string, ImmutableArray<string>> Paths)
{
    [JsonIgnore]
    public ModelHandle Handle => new(ModelId.Parse(Id), Bytes);
}
