namespace ZeroCopy.TestSupport;

/// <summary>The assembly with model types of its own, keys <c>own-linear</c> and <c>own-pair</c>, that no test references.</summary>
public static class OwnModels
{
    private const string Name = "ZeroCopy.Akka.OwnModels";

    /// <summary>Its file, of the configuration that runs the tests.</summary>
    public static string Path { get; } = System.IO.Path.Combine(
        RepositoryRoot.Path,
        "tests",
        Name,
        System.IO.Path.GetRelativePath(
            System.IO.Path.Combine(AppContext.BaseDirectory, "..", "..", ".."), AppContext.BaseDirectory),
        $"{Name}.dll");
}
