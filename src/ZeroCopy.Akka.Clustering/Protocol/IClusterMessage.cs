namespace ZeroCopy.Clustering.Protocol;

/// <summary>Marks a message between nodes: <see cref="Wire.ClusterSerializer"/> writes it, and nothing falls back to type names.</summary>
public interface IClusterMessage;
