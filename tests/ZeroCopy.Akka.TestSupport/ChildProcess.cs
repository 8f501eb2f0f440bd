using System.Diagnostics;

namespace ZeroCopy.TestSupport;

/// <summary>Another process on the same store, driven line by line: it says "ready", then answers each command with one line.</summary>
public sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a program that lies beside the test's own assembly.</summary>
    /// <param name="assembly">The program's assembly, without extension.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Task<ChildProcess> StartAsync(string assembly, params string[] arguments) =>
        StartFromAsync(AppContext.BaseDirectory, assembly, arguments);

    /// <summary>Starts a program of another folder, or with further variables of the environment.</summary>
    /// <param name="folder">Where the program is.</param>
    /// <param name="assembly">The program's assembly, without extension.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables that it has beside the test's own.</param>
    public static async Task<ChildProcess> StartFromAsync(
        string folder, string assembly, string[] arguments, params (string Name, string Value)[] environment)
    {
        var program = Path.Combine(folder, $"{assembly}.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var child = new ChildProcess(Process.Start(start)!);
        try
        {
            var first = await child.ReadAsync();
            return first == "ready" ? child : throw new InvalidOperationException($"{assembly} said '{first}' at its start.");
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    public async Task<string> AskAsync(string command)
    {
        await SendAsync(command);
        return await ReadAsync();
    }

    public async Task SendAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    public async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
            ?? throw new InvalidOperationException("The child process ended.");

    /// <summary>SIGKILL, and waits until the kernel has taken everything back.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>SIGTERM, which the process may take its time to obey.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{Id}"]);
        kill.WaitForExit(Patience);
    }

    /// <summary>Ends its input, at which a process that obeys commands ends.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits until it has ended by itself, and gives its exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(Patience);
        }

        _process.Dispose();
    }
}
