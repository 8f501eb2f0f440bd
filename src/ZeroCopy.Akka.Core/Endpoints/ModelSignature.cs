using System.Collections.Immutable;

namespace ZeroCopy.Endpoints;

/// <summary>What a model can be called with. Immutable.</summary>
/// <param name="Methods">Its methods; empty where it has none that takes tensors.</param>
/// <param name="Default">Name of the method that a call without one means.</param>
public sealed record ModelSignature(ImmutableArray<MethodSignature> Methods, string Default = ModelSignature.Forward)
{
    /// <summary>The method of a PyTorch module that a call of the module means.</summary>
    public const string Forward = "forward";

    /// <summary>The method of that name, the default one where it is empty; null where there is none.</summary>
    public MethodSignature? Find(string method) =>
        Methods.FirstOrDefault(candidate => candidate.Name == (method.Length == 0 ? Default : method));
}
