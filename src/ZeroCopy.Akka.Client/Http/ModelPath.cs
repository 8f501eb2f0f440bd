namespace ZeroCopy.Client.Http;

/// <summary>Paths of the protocol.</summary>
internal static class ModelPath
{
    /// <summary>For example <c>v2/models/bert/versions/3/infer</c>; names are percent-encoded.</summary>
    public static string Of(string model, string? version, string action = "") =>
        string.IsNullOrEmpty(version)
            ? $"v2/models/{Segment(model)}{action}"
            : $"v2/models/{Segment(model)}/versions/{Segment(version)}{action}";

    /// <summary>A name as one segment of a path.</summary>
    /// <exception cref="ArgumentException">It is empty, or a segment that means another place.</exception>
    public static string Segment(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return name is "." or ".."
            ? throw new ArgumentException($"'{name}' cannot be a name: in a path it means another place.", nameof(name))
            : Uri.EscapeDataString(name);
    }
}
