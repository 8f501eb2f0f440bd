using ZeroCopy.Errors;

namespace ZeroCopy.Store.Files;

/// <summary>
/// The lock around every change of a store, across threads and processes: an exclusive lock on a file, which the kernel takes back when
/// its process dies. Held for short work only; bytes are copied outside it.
/// </summary>
internal sealed class StoreLock(StoreDirectory directory, Generation generation)
{
    /// <summary>How long one who waits does so.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int FirstPauseMilliseconds = 1;
    private const int LongestPauseMilliseconds = 20;
    private readonly SemaphoreSlim _threads = new(1, 1);
    private bool _closed;

    /// <summary>Takes the lock.</summary>
    /// <param name="waits">Whether it may take half a minute; otherwise the lock is free at once, or not to be had.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">Others held it for that long.</exception>
    public StoreChange Enter(bool waits = true, CancellationToken cancellationToken = default)
    {
        var patience = waits ? Patience : TimeSpan.Zero;
        if (!_threads.Wait(patience, cancellationToken))
        {
            throw Busy(patience, null);
        }

        try
        {
            if (_closed)
            {
                throw new ObjectDisposedException("ObjectStore", $"The store with the lock {directory.LockFile} is closed.");
            }

            var file = OpenFile(patience, cancellationToken);
            try
            {
                return new StoreChange(generation, file, _threads);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch
        {
            _threads.Release();
            throw;
        }
    }

    /// <summary>Waits for the change under way in this process, and lets none begin after it.</summary>
    public void Close()
    {
        _threads.Wait();
        _closed = true;
        _threads.Release();
    }

    private FileStream OpenFile(TimeSpan patience, CancellationToken cancellationToken)
    {
        // The clock of the operating system, not of the settings: another process holds the lock, and its time does not stand still.
        var started = Environment.TickCount64;
        for (var pause = FirstPauseMilliseconds; ; pause = Math.Min(2 * pause, LongestPauseMilliseconds))
        {
            try
            {
                return new FileStream(directory.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
            {
                if (Environment.TickCount64 - started >= patience.TotalMilliseconds)
                {
                    throw Busy(patience, e);
                }

                if (cancellationToken.WaitHandle.WaitOne(pause))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException($"The store's lock {directory.LockFile} cannot be opened: {e.Message}", e);
            }
        }
    }

    private StoreUnavailableException Busy(TimeSpan patience, Exception? inner)
    {
        var held = patience == TimeSpan.Zero ? "is held by others" : $"was held by others for {patience.TotalSeconds:0} seconds";
        return new StoreUnavailableException(
            $"The lock {directory.LockFile} {held}; look for a process that hangs on this store.", inner)
        {
            IsBusy = true,
        };
    }
}
