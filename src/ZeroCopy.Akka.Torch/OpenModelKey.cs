using ZeroCopy.Manifests;

namespace ZeroCopy.Torch;

/// <summary>What makes two openings of a model the same one.</summary>
/// <param name="Model">The model.</param>
/// <param name="Type">The type that it was opened as.</param>
/// <param name="Device">The name of the device that it runs on.</param>
internal readonly record struct OpenModelKey(ModelId Model, Type Type, string Device);
