namespace ZeroCopy.Actors.Protocol;

/// <summary>
/// Marks a message that may cross processes: <see cref="Wire.WireSerializer"/> writes it, and nothing falls back to JSON or type names.
/// </summary>
public interface IWireMessage;
