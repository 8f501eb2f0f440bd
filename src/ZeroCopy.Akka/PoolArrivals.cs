namespace ZeroCopy;

/// <summary>Those who wait for pools that are not started yet. Thread-safe.</summary>
internal sealed class PoolArrivals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private bool _startIsOver;
    private bool _ended;

    /// <summary>Waits until a pool is there, the start is over without it, or the host has ended.</summary>
    /// <param name="name">The pool's name.</param>
    /// <param name="isThere">Whether the host has a pool.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ObjectDisposedException">The host has ended.</exception>
    public Task WaitAsync(string name, Func<string, bool> isThere, CancellationToken cancellationToken)
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended, typeof(ZeroCopyHost));
            if (_startIsOver || isThere(name))
            {
                return Task.CompletedTask;
            }

            if (!_awaited.TryGetValue(name, out arrival))
            {
                _awaited.Add(name, arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        return arrival.Task.WaitAsync(cancellationToken);
    }

    /// <summary>A pool was started, and the host has it.</summary>
    public void Arrived(string name)
    {
        lock (_gate)
        {
            if (_awaited.Remove(name, out var arrival))
            {
                arrival.SetResult();
            }
        }
    }

    /// <summary>Whatever starts pools with the application has done so: nobody waits from now on.</summary>
    public void EndStart()
    {
        lock (_gate)
        {
            _startIsOver = true;
            foreach (var arrival in _awaited.Values)
            {
                arrival.SetResult();
            }

            _awaited.Clear();
        }
    }

    /// <summary>The host has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var arrival in _awaited.Values)
            {
                arrival.SetException(new ObjectDisposedException(typeof(ZeroCopyHost).FullName));
                // Whoever waited may have given up before.
                _ = arrival.Task.Exception;
            }

            _awaited.Clear();
        }
    }
}
