using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// How many bytes of new models a store takes, as of a moment ago: while another process changes the store, that is known late, and who
/// asks does not wait for it. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
internal sealed class FreeRoom(ObjectStore store)
{
    private long _bytes = Measure(store);
    private int _isMeasuring;

    /// <summary>The bytes, which are found out anew for the next who asks.</summary>
    public long Bytes
    {
        get
        {
            if (Interlocked.Exchange(ref _isMeasuring, 1) == 0)
            {
                Task.Run(() =>
                {
                    Volatile.Write(ref _bytes, Measure(store));
                    Volatile.Write(ref _isMeasuring, 0);
                });
            }

            return Volatile.Read(ref _bytes);
        }
    }

    // A store whose directory is gone takes nothing; the node's models are called on, and its health check tells of it.
    private static long Measure(ObjectStore store)
    {
        try
        {
            return store.GetFreeBytes();
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
