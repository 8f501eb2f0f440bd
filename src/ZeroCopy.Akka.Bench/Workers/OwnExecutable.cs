using System.Diagnostics;

namespace ZeroCopy.Bench.Workers;

/// <summary>Further processes of the executable that runs.</summary>
internal static class OwnExecutable
{
    private const string Library = "zerocopy.dll";

    /// <summary>Starts one, whose standard input and output this process holds.</summary>
    public static Process Start(IEnumerable<string> arguments)
    {
        var executable = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        string[] library = Path.GetFileNameWithoutExtension(executable) == "dotnet"
            ? ["exec", Path.Combine(AppContext.BaseDirectory, Library)] : [];
        var start = new ProcessStartInfo(executable, [.. library, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"'{executable}' did not start.");
    }
}
