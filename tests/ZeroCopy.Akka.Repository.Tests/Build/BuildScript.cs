using System.Collections.Immutable;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

/// <summary>
/// Runs build.ps1 in a runspace of its own, with <c>dotnet</c> replaced by a function that records what it was called with. The engine
/// package comes without the standard modules, so the few of their commands that the script uses are given as functions.
/// </summary>
internal sealed class BuildScript
{
    private const string Functions = """
        function Join-Path([string] $Path, [string] $ChildPath) { [System.IO.Path]::Combine($Path, $ChildPath) }
        function Write-Information { }
        function Write-Error { }
        function dotnet {
            $global:calls.Add($args -join ' ')
            $global:LASTEXITCODE = if ($global:fail -ne '' -and $args[0] -eq $global:fail) { 3 } else { 0 }
        }
        """;

    private BuildScript(ImmutableArray<string> calls, int? exitCode, ImmutableArray<string> errors) =>
        (Calls, ExitCode, Errors) = (calls, exitCode, errors);

    public static string Path { get; } = System.IO.Path.Combine(RepositoryRoot.Path, "build.ps1");

    /// <summary>The arguments of each call of <c>dotnet</c>, joined by spaces, in order.</summary>
    public ImmutableArray<string> Calls { get; }

    /// <summary>Null where the script did not start.</summary>
    public int? ExitCode { get; }

    public ImmutableArray<string> Errors { get; }

    public static BuildScript Run(string arguments = "", string failingStep = "")
    {
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        var calls = new List<string>();
        runspace.SessionStateProxy.SetVariable("calls", calls);
        runspace.SessionStateProxy.SetVariable("fail", failingStep);
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(Functions).Invoke();
        shell.Commands.Clear();
        shell.AddScript($"& '{Path}' {arguments}; $global:LASTEXITCODE");
        var output = shell.Invoke();
        return new BuildScript([.. calls], output[^1]?.BaseObject as int?, [.. shell.Streams.Error.Select(error => error.ToString())]);
    }
}
