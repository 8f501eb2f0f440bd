namespace ZeroCopy;

/// <summary>Work that cannot be interrupted, for callers that can.</summary>
internal static class Abandonable
{
    /// <summary>Runs work on the .NET pool. A caller whose token fires waits no longer, and what the work makes then is let go.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<T> Run<T>(Func<T> work, Action<T> letGo, CancellationToken cancellationToken)
    {
        var running = Task.Run(work, cancellationToken);
        try
        {
            return await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = LetGoAsync(running, letGo);
            throw;
        }
    }

    private static async Task LetGoAsync<T>(Task<T> running, Action<T> letGo)
    {
        // A failure has nobody left to be told.
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (running.IsCompletedSuccessfully)
        {
            letGo(await running.ConfigureAwait(false));
        }
    }
}
