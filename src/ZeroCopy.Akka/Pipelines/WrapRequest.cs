using System.Collections.Immutable;
using System.Text;
using ZeroCopy.Manifests;

namespace ZeroCopy.Pipelines;

/// <summary>What the caller of a wrap asked for.</summary>
internal sealed record WrapRequest
{
    public required Type DeclaredType { get; init; }

    /// <summary>Whether calls of what is wrapped run as tasks.</summary>
    public required bool TaskMode { get; init; }

    /// <summary>Paths of the attributes to wrap; null for every module.</summary>
    public required ImmutableArray<string>? Attributes { get; init; }

    public required ImmutableArray<string> Methods { get; init; }

    public required ModelName? Name { get; init; }

    public required bool HandOver { get; init; }

    /// <summary>What builds the module in any process whose catalog knows it; null where a factory does.</summary>
    public Recipe.Catalog? Recipe { get; init; }

    /// <summary>Whether only TorchScript modules are wrapped.</summary>
    public required bool ScriptsOnly { get; init; }

    /// <summary>The name for the module at a path: the given one for a standalone module, with the path appended in a pipeline.</summary>
    public ModelName? NameOf(string path)
    {
        if (Name is not { } name || path.Length == 0)
        {
            return Name;
        }

        var suffix = new StringBuilder();
        foreach (var c in path)
        {
            suffix.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_');
        }

        return new ModelName($"{name.Name}.{suffix}", name.Version);
    }
}
