namespace ZeroCopy.Actors.Inference;

/// <summary>
/// A piece of an asynchronous function, sent to the actor that began it. One whose actor is gone runs on the .NET pool, at the latest when
/// the whole pool is, whatever has become of the message: a function that is not gone on with would never end, nor its call.
/// </summary>
internal sealed class AsyncPiece : IThreadPoolWorkItem
{
    private readonly Action _run;
    private readonly CancellationTokenRegistration _elsewhere;
    private int _begun;

    /// <param name="run">The piece.</param>
    /// <param name="stopped">Cancelled when no actor is left to run it.</param>
    public AsyncPiece(Action run, CancellationToken stopped = default)
    {
        _run = run;
        _elsewhere = stopped.UnsafeRegister(
            static piece => ThreadPool.UnsafeQueueUserWorkItem((AsyncPiece)piece!, preferLocal: false), this);
    }

    /// <summary>Runs it, the first time.</summary>
    public void Run()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _elsewhere.Unregister();
            _run();
        }
    }

    void IThreadPoolWorkItem.Execute() => Run();
}
