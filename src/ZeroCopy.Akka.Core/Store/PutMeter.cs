namespace ZeroCopy.Store;

/// <summary>Counts a put's bytes from many threads and tells the caller.</summary>
internal sealed class PutMeter(IProgress<PutProgress>? progress, long totalBytes)
{
    private long _hashed;
    private long _written;

    public void Hashed(long bytes) => Report(Interlocked.Add(ref _hashed, bytes), Interlocked.Read(ref _written));

    public void Written(long bytes) => Report(Interlocked.Read(ref _hashed), Interlocked.Add(ref _written, bytes));

    private void Report(long hashed, long written) => progress?.Report(new PutProgress(hashed, written, totalBytes));
}
