namespace ZeroCopy.Serving.Protocol;

/// <summary>What a request to load a model says further. Models are those of the store: a request does not bring one.</summary>
internal static class LoadParameters
{
    private const string File = "file:";

    /// <exception cref="RequestException">It brings files of a model.</exception>
    public static void Require(IEnumerable<string> names)
    {
        if (names.FirstOrDefault(name => name.StartsWith(File, StringComparison.Ordinal)) is { } file)
        {
            throw new RequestException($"The parameter '{file}' is not supported: models are loaded from the store alone.");
        }
    }
}
