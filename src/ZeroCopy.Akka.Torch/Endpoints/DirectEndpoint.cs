using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// A model in this process without a pool: each call rents an instance and runs on the .NET thread pool, so as many run at once as are
/// called. Native code cannot be interrupted: a caller is answered at its deadline, at its cancellation or at the endpoint's end, and a
/// run that goes on has copies of the inputs of its own, which are released when it ends, as its answer is. Thread-safe.
/// </summary>
public sealed class DirectEndpoint : IModelEndpoint, IDisposable
{
    private readonly IInstanceSource _source;
    private readonly ICallBinder _binder;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _end = new();
    private volatile string? _lastError;

    /// <summary>An endpoint for a model that somebody else holds open.</summary>
    /// <param name="name">What it is called by.</param>
    /// <param name="version">The model's version; null where it has none.</param>
    /// <param name="source">The model's instances, which stay the caller's.</param>
    /// <param name="binder">How they are called.</param>
    /// <param name="clock">What deadlines are measured by; null for the system's.</param>
    public DirectEndpoint(string name, int? version, IInstanceSource source, ICallBinder binder, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(binder);
        Name = name;
        Version = version;
        _source = source;
        _binder = binder;
        _clock = clock ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int? Version { get; }

    /// <inheritdoc/>
    public EndpointState State => _end.IsCancellationRequested || _lastError is not null ? EndpointState.Failed : EndpointState.Ready;

    /// <inheritdoc/>
    public string? LastError => _lastError;

    /// <inheritdoc/>
    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ModelSignature>(cancellationToken) : Task.FromResult(_binder.Signature);

    /// <inheritdoc/>
    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var deadline = options?.Deadline ?? Timeout.InfiniteTimeSpan;
        if (deadline <= TimeSpan.Zero && deadline != Timeout.InfiniteTimeSpan)
        {
            throw Late(deadline);
        }

        if (_end.IsCancellationRequested)
        {
            throw Ended();
        }

        var call = _binder.Bind(method, inputs);
        var running = Task.Run(() => RunAsync(call, _end.Token), CancellationToken.None);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
        try
        {
            await Durations.WaitAsync(running, deadline, _clock, given.Token).ConfigureAwait(false);
            return await running.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _ = LetGoAsync(running);
            throw Late(deadline);
        }
        catch (OperationCanceledException) when (given.IsCancellationRequested)
        {
            _ = LetGoAsync(running);
            cancellationToken.ThrowIfCancellationRequested();
            throw Ended();
        }
    }

    /// <summary>Answers every caller that waits, and refuses others; runs that have begun end by themselves.</summary>
    public void Dispose() => _end.Cancel();

    private async Task<ModelAnswer> RunAsync(IDisposable call, CancellationToken end)
    {
        using var owned = call;
        using var instance = await RentAsync(end).ConfigureAwait(false);
        end.ThrowIfCancellationRequested();
        _source.ResetThread();
        try
        {
            return _binder.ToAnswer(instance.Run(_binder.Run, call));
        }
        catch (Exception error) when (error is not InferenceException)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{Name}: {error.Message.Split('\n')[0]}", error)
            {
                CausedByInput = _source.IsCausedByInput(error),
            };
        }
    }

    private async Task<IModelInstance> RentAsync(CancellationToken end)
    {
        try
        {
            var instance = await _source.RentAsync(end).ConfigureAwait(false);
            _lastError = null;
            return instance;
        }
        catch (ObjectDisposedException error)
        {
            throw new InferenceException(InferenceFailure.ShuttingDown, $"{Name} is not open any more.", error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            _lastError = error.Message;
            throw new InferenceException(InferenceFailure.LoadFailed, error.Message, error);
        }
    }

    private static async Task LetGoAsync(Task<ModelAnswer> running)
    {
        // A failure has nobody left to be told.
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (running.IsCompletedSuccessfully)
        {
            (await running.ConfigureAwait(false)).Dispose();
        }
    }

    private InferenceException Late(TimeSpan deadline) => new(
        InferenceFailure.DeadlineExceeded,
        $"{Name} did not answer within {Durations.Text(deadline)}, the deadline of the call (CallOptions.Deadline).");

    private InferenceException Ended() => new(InferenceFailure.ShuttingDown, $"{Name} has ended and takes no more calls.");
}
