using System.Collections.Immutable;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Remote;

/// <summary>Models of a cluster as commands show them.</summary>
internal static class RemoteModels
{
    /// <summary>A name for a node, or for a model and version, on the command line.</summary>
    public static ModelName Name(string text) =>
        ModelNameParser.Name(text, "not a model name such as bert or bert@3, by which nodes know models");

    /// <summary>What a name means in the cluster: its version, else the current one.</summary>
    /// <exception cref="InferenceException">There is none.</exception>
    public static ModelStatus Find(NodeReply.ClusterStatus status, ModelName name)
    {
        var versions = status.Models.Where(model => model.Name == name.Name).ToImmutableArray();
        return versions.FirstOrDefault(model => name.Version is null ? model.IsCurrent : model.Version == name.Version)
            ?? throw new InferenceException(InferenceFailure.ModelNotFound, $"There is no model {name} in the cluster{Known(versions)}.");
    }

    /// <summary>The name of a version, as it is called.</summary>
    public static string Text(ModelStatus model) => model.Version is { } version ? $"{model.Name}@{version}" : model.Name;

    private static string Known(ImmutableArray<ModelStatus> versions) =>
        versions.IsEmpty ? "" : $"; there are {string.Join(", ", versions.Select(Text))}";
}
