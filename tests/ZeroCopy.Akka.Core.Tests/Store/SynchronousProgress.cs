namespace ZeroCopy.Tests.Store;

/// <summary>Reports on the thread that reports: the framework's own progress posts, and a test would have to wait.</summary>
internal sealed class SynchronousProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
