using System.Diagnostics;
using System.Management.Automation.Language;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

public sealed class BuildScriptSpecs
{
    [Fact]
    public void BuildScript_should_parse_without_an_error()
    {
        Parser.ParseFile(BuildScript.Path, out _, out var errors);

        Assert.Empty(errors);
    }

    [Fact]
    public void BuildScript_should_run_every_step_in_order_by_default()
    {
        var run = BuildScript.Run();

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["restore", "build", "format", "test", "pack"], run.Calls.Select(call => call.Split(' ')[0]));
    }

    [Fact]
    public void BuildScript_should_stop_after_its_target()
    {
        var run = BuildScript.Run("-Target Build");

        Assert.Equal(["restore", "build"], run.Calls.Select(call => call.Split(' ')[0]));
    }

    [Fact]
    public void BuildScript_should_stop_with_the_exit_code_of_the_step_that_fails()
    {
        var run = BuildScript.Run(failingStep: "format");

        Assert.Equal(3, run.ExitCode);
        Assert.Equal("format", run.Calls[^1].Split(' ')[0]);
    }

    [Fact]
    public void BuildScript_should_pass_the_backend_to_every_step_that_compiles_or_restores()
    {
        var run = BuildScript.Run("-TorchBackend cuda-windows -Configuration Release");

        Assert.All(
            run.Calls.Where(call => !call.StartsWith("format", StringComparison.Ordinal)),
            call => Assert.Contains("-p:TorchBackend=cuda-windows", call, StringComparison.Ordinal));
        Assert.All(
            run.Calls.Where(
                call => call.StartsWith("build", StringComparison.Ordinal) || call.StartsWith("pack", StringComparison.Ordinal)),
            call => Assert.Contains("--configuration Release", call, StringComparison.Ordinal));
    }

    [Fact]
    public void BuildScript_should_refuse_an_unknown_backend()
    {
        var run = BuildScript.Run("-TorchBackend rocm");

        Assert.Contains("'TorchBackend'", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Empty(run.Calls);
    }

    /// <summary>The options of every step are ones that the SDK's commands know: a dry run of the script cannot tell.</summary>
    [Theory]
    [InlineData("restore", "-p")]
    [InlineData("build", "--no-restore", "--configuration")]
    [InlineData("format", "--no-restore", "--verify-no-changes")]
    [InlineData("test", "--no-build", "--configuration")]
    [InlineData("pack", "--no-build", "--configuration", "--output")]
    public async Task Dotnet_should_know_the_options_of_each_step(string command, params string[] options)
    {
        var help = await Help(command);

        Assert.All(options, option => Assert.Contains(option, help, StringComparison.Ordinal));
    }

    [Fact]
    public void Continuous_integration_should_take_the_steps_of_the_build_script()
    {
        var ci = File.ReadAllText(Path.Combine(RepositoryRoot.Path, ".ci", "run"));

        // By the same command, though not always with the same options.
        var steps = BuildScript.Run("-Target Test").Calls.Select(call => $"dotnet {call.Split(' ')[0]} ").ToArray();

        Assert.All(steps, step => Assert.Contains(step, ci, StringComparison.Ordinal));
    }

    private static async Task<string> Help(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [command, "--help"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return command == "restore" ? text + " -p" : text;
    }
}
