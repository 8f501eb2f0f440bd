using System.Diagnostics;

namespace ZeroCopy.Tests.Store;

/// <summary>Another process on the same store, driven line by line.</summary>
internal sealed class StoreChild : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;

    private StoreChild(Process process) => _process = process;

    public int ProcessId => _process.Id;

    public static async Task<StoreChild> StartAsync(string store)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ZeroCopy.Akka.StoreProcess.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, store])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var child = new StoreChild(Process.Start(start)!);
        Assert.Equal("ready", await child.ReadAsync());
        return child;
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
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException("The child process ended.");

    /// <summary>SIGKILL, and waits until the kernel has taken everything back.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
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
