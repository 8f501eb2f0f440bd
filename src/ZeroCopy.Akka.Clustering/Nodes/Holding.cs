using System.Collections.Immutable;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>A model that a node's store has under a name.</summary>
/// <param name="Name">Name and version.</param>
/// <param name="Id">The model.</param>
/// <param name="Held">The node's account of it.</param>
internal sealed record Holding(ModelName Name, ModelId Id, HeldVersion Held)
{
    /// <summary>Those of a node's reports; what only a program made is none of them.</summary>
    public static IEnumerable<Holding> Of(ImmutableArray<ModelReport> reports) =>
        from report in reports
        from held in report.Versions
        where held is { Version: not null, Model: not null } && ModelName.TryParse(report.Name, out _)
        select new Holding(new ModelName(report.Name, held.Version), held.Model!.Value, held);
}
