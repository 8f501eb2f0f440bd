namespace ZeroCopy.Clustering.Protocol;

/// <summary>A message to the entity of a name.</summary>
public interface IEntityMessage : IClusterMessage
{
    /// <summary>What the entity's endpoint is called by.</summary>
    string Name { get; }
}
