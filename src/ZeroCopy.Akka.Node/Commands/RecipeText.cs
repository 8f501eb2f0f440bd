using ZeroCopy.Manifests;

namespace ZeroCopy.Node.Commands;

/// <summary>A recipe for people to read.</summary>
internal static class RecipeText
{
    public static string Kind(Recipe recipe) => recipe switch
    {
        Recipe.Script => "script",
        Recipe.Catalog => "catalog",
        Recipe.Weights => "weights",
        _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe, "Not a recipe that this build knows."),
    };

    public static string Detail(Recipe recipe) => recipe switch
    {
        Recipe.Script script => $"TorchScript, runs anywhere; code in block {script.Skeleton.ToString()[..12]}",
        Recipe.Catalog catalog => $"model type '{catalog.Key}' {catalog.Configuration}",
        Recipe.Weights { TypeName: { Length: > 0 } type } => $"weights of {type}; another process brings a factory",
        Recipe.Weights => "weights without a module; a process that runs them brings a factory",
        _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe, "Not a recipe that this build knows."),
    };
}
