using System.Diagnostics;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Cli;

/// <summary>The built executable, run as a process of its own on a store of one test's own.</summary>
internal sealed class Zerocopy : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Where it runs.</summary>
    public string Directory => _directory.Path;

    /// <summary>The store's directory.</summary>
    public string Store => _directory.File("store");

    public string File(string name) => _directory.File(name);

    public Run Run(params string[] arguments)
    {
        using var process = Start(arguments);
        return Finish(process);
    }

    /// <summary>Runs a command inside the test's process: for what a test needs and is not about.</summary>
    public Run RunInside(params string[] arguments) => LocalZerocopy.RunOn(Store, arguments);

    /// <summary>Starts the executable; the caller ends it with <see cref="Finish"/>.</summary>
    public Process Start(params string[] arguments) => StartBehind([], arguments);

    /// <summary>Starts the executable by a program that runs it somewhere, given with its first arguments.</summary>
    public Process StartBehind(IReadOnlyList<string> launcher, params string[] arguments)
    {
        string[] command = [.. launcher, "dotnet", "exec", typeof(Node.Cli.CommandLine).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Directory,
        };
        start.Environment["ZEROCOPY_STORE"] = Store;
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    public static Run Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"zerocopy did not end: {error.Result}");
        }

        return new Run(process.ExitCode, output.Result, error.Result);
    }

    public void Dispose() => _directory.Dispose();
}
