namespace ZeroCopy.TestSupport;

/// <summary>Finds the repository from the test's output folder.</summary>
public static class RepositoryRoot
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Path { get; } = Find();

    /// <summary>
    /// The folder with real models for tests, beside the repository; null where it is absent, and the tests that need it skip.
    /// </summary>
    public static string? SharedData => Shared("data");

    /// <summary>
    /// The folder with recorded requests of clients of the Open Inference Protocol, beside the repository; null where it is absent.
    /// </summary>
    public static string? SharedRequests => Shared("oip");

    private static string? Shared(string folder)
    {
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, "..", "shared", folder));
        return Directory.Exists(path) ? path : null;
    }

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "ZeroCopy.Akka.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"No ZeroCopy.Akka.sln above {AppContext.BaseDirectory}.");
    }
}
