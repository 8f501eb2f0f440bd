using System.Diagnostics;

namespace ZeroCopy.Node.Demo.Memory;

/// <summary>Worker processes of one kind, measured together while all of them hold their models.</summary>
internal static class WorkerGroup
{
    public const int Processes = 2;

    /// <summary>
    /// Sum over the workers of their PSS, and this process's part of the store's files where these are shared with it; in bytes.
    /// </summary>
    public static async Task<long> MeasureAsync(WorkerKind kind, string store, string source, CancellationToken cancellationToken)
    {
        var workers = new List<Process>();
        try
        {
            for (var index = 0; index < Processes; index++)
            {
                workers.Add(Start(kind, store, source));
            }

            foreach (var worker in workers)
            {
                if (await worker.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) != Worker.Ready)
                {
                    var error = await worker.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
                    throw new InvalidOperationException($"A worker process of the demo ended early: {error}");
                }
            }

            var own = kind == WorkerKind.Shared ? ProcessMemory.OwnProportionalOf(store) : 0;
            return own + workers.Sum(worker => ProcessMemory.Of(worker.Id).Proportional);
        }
        finally
        {
            foreach (var worker in workers)
            {
                await EndAsync(worker).ConfigureAwait(false);
            }
        }
    }

    private static Process Start(WorkerKind kind, string store, string source)
    {
        var executable = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        var start = new ProcessStartInfo(executable)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(WorkerGroup).Assembly.Location);
        }

        foreach (var argument in new[] { "demo", "worker", kind.ToString(), source, "--store", store })
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"'{executable}' did not start.");
    }

    /// <summary>A worker ends when its input does; one that hangs is killed.</summary>
    private static async Task EndAsync(Process worker)
    {
        using (worker)
        {
            worker.StandardInput.Close();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await worker.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                worker.Kill();
            }
        }
    }
}
