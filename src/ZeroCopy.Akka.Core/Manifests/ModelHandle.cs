namespace ZeroCopy.Manifests;

/// <summary>
/// What actors and processes pass around instead of weights: names a model in the object store of whichever host reads it.
/// Immutable, safe to send, and valid for as long as the store holds the model; it keeps nothing alive by itself.
/// </summary>
/// <param name="Id">The model.</param>
/// <param name="Bytes">Bytes of all distinct blocks of the model, as stored.</param>
/// <param name="Name">The name under which it was put, with its version; null for an unnamed model.</param>
public sealed record ModelHandle(ModelId Id, long Bytes, ModelName? Name = null)
{
    /// <summary>The name where there is one, else the first twelve digits of the id.</summary>
    public override string ToString() => Name?.ToString() ?? Id.ToString()[..12];
}
