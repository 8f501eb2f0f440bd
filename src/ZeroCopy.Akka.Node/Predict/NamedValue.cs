using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Predict;

/// <summary>Something of a file that has a name; the name is null where the file has none, as in <c>.npy</c>.</summary>
internal abstract record NamedValue(string? Name);

/// <summary>A tensor of a file.</summary>
internal sealed record NamedTensor(string? Name, HostTensor Tensor) : NamedValue(Name);

/// <summary>A text of a file, which only <c>.json</c> holds.</summary>
internal sealed record NamedText(string? Name, string Text) : NamedValue(Name);
