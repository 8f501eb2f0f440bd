using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ZeroCopy.Manifests;

namespace ZeroCopy.Wrapping;

/// <summary>One module of a wrapper: where it stands and which model it is.</summary>
/// <param name="Paths">Every place that holds it; one empty path for a standalone module.</param>
/// <param name="Id">The model's id.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Name">The name under which it was put.</param>
/// <param name="Script">Whether it is a TorchScript module.</param>
/// <param name="Wrapped">
/// Whether the wrapper is about it; other modules share their weights too, but always run in the holder's process.
/// </param>
internal sealed record WrappedModule(ImmutableArray<string> Paths, string Id, long Bytes, string? Name, bool Script, bool Wrapped)
{
    [JsonIgnore]
    public ModelHandle Handle => new(ModelId.Parse(Id), Bytes, Name is null ? null : ModelName.Parse(Name));
}
