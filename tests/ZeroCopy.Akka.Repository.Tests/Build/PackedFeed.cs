using System.Diagnostics;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

/// <summary>
/// A folder with the packages as build.ps1 makes them, under a version that nobody else has, and a place for programs that reference them.
/// Programs restore into a folder of the test's own; what this repository has restored already is taken from where it is.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>The packages' version.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    /// <summary>The store of the programs.</summary>
    private string Store => _directory.File("store");

    private string Feed => _directory.File("feed");

    // bin/CONFIGURATION/FRAMEWORK/
    private static string Configuration => AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar)[^3];

    private static string Restored => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } configured
        ? configured : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public async Task InitializeAsync()
    {
        File.WriteAllText(_directory.File("nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{Feed}" />
              </packageSources>
              <config>
                <add key="globalPackagesFolder" value="{_directory.File("packages")}" />
              </config>
              <fallbackPackageFolders>
                <add key="restored" value="{Restored}" />
              </fallbackPackageFolders>
            </configuration>
            """);
        var pack = BuildScript.Run($"-Target Pack -Configuration {Configuration} -Output '{Feed}'").Calls[^1].Split(' ');
        await DotnetAsync(RepositoryRoot.Path, [.. pack, $"-p:PackageVersion={Version}"]);
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Names of the packages, without version.</summary>
    public IReadOnlyList<string> Packages() =>
    [
        .. Directory.GetFiles(Feed).Select(file => Path.GetFileName(file).Replace($".{Version}.nupkg", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A package's file.</summary>
    public string Package(string name) => Path.Combine(Feed, $"{name}.{Version}.nupkg");

    /// <summary>Builds a program, without a warning; gives what starts it.</summary>
    public async Task<ProcessStartInfo> BuildAsync(string name, string project, string program, string framework = "net10.0")
    {
        var folder = Directory.CreateDirectory(_directory.File(name)).FullName;
        File.WriteAllText(Path.Combine(folder, $"{name}.csproj"), project);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        // Links instead of a gigabyte of libraries.
        await DotnetAsync(
            folder,
            "build",
            "--nologo",
            "-nodeReuse:false",
            "-p:TreatWarningsAsErrors=true",
            "-p:CreateSymbolicLinksForCopyLocalIfPossible=true");
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(folder, "bin", "Debug", framework, $"{name}.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["ZEROCOPY_STORE"] = Store;
        return start;
    }

    private static async Task DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, WorkingDirectory = folder };
        // A test run's own choices are not inherited.
        start.Environment.Remove("TorchBackend");
        start.Environment.Remove("MSBuildSDKsPath");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {output}");
    }
}
