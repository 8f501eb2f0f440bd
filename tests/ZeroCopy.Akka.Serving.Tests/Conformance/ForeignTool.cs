using System.Diagnostics;

namespace ZeroCopy.Serving.Tests.Conformance;

/// <summary>A program of this host, where it has one, that does not come with the tests.</summary>
internal static class ForeignTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The first of the programs that can be run with the arguments; null where none can.</summary>
    public static async Task<string?> FindAsync(string[] programs, params string[] arguments)
    {
        foreach (var program in programs)
        {
            try
            {
                if ((await RunAsync(program, arguments)).ExitCode == 0)
                {
                    return program;
                }
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is no such program here.
            }
        }

        return null;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, output, await error);
    }
}
