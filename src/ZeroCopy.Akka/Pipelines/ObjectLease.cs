namespace ZeroCopy.Pipelines;

/// <summary>
/// A loaded object's hold on its lease, which nobody else refers to: it ends with the object's release, and with an object that is dropped
/// unreleased. Thread-safe.
/// </summary>
/// <param name="end">Ends the lease. Idempotent.</param>
internal sealed class ObjectLease(Action end) : IDisposable
{
    /// <summary>Ends the lease off the finalizer's thread, which no lock of the store may hold up.</summary>
    ~ObjectLease() => ThreadPool.UnsafeQueueUserWorkItem(static end => end(), end, preferLocal: false);

    public void Dispose()
    {
        end();
        GC.SuppressFinalize(this);
    }
}
