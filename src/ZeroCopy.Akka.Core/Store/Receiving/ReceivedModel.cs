using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Receiving;

/// <summary>What a receive came to.</summary>
/// <param name="Model">The model, with the name that it got.</param>
/// <param name="MovedBytes">Bytes that the store lacked and that were written.</param>
public sealed record ReceivedModel(ModelHandle Model, long MovedBytes);
