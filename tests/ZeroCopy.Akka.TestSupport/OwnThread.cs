namespace ZeroCopy.TestSupport;

/// <summary>
/// Runs code of a test on a thread of its own, which ends with it: the thread pool may have none to spare, and uses its threads again.
/// </summary>
public static class OwnThread
{
    public static Task RunAsync(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> RunAsync<T>(Func<T> function) =>
        Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
