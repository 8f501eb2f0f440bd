namespace ZeroCopy.Node.Tests.Service;

/// <summary>The same models in a cluster of two nodes, of which the one is asked that was given none.</summary>
public sealed class RecordedModelsOfCluster : RecordedModels
{
    protected override Task StartOthersAsync() => JoinAsync("other");
}
