using System.Collections.Concurrent;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>How a client stands with its node, and its requests that are under way. Thread-safe.</summary>
internal sealed class NodeLink(string node)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ICallMessage>> _requests = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile InferenceException? _interruption;
    private volatile string? _loss;
    private volatile bool _closed;

    /// <summary>That the node was lost or the client closed, so that no request will be answered; null while it may be made.</summary>
    public string? Loss => _loss ?? (_closed ? $"The client of {node} was closed." : null);

    /// <summary>Ends with the node's loss or the client's close.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether requests fail because nothing crosses the network at the moment.</summary>
    public bool IsDown => _interruption is not null;

    /// <summary>Notes a request that is about to be sent, and whose reply ends the task.</summary>
    /// <exception cref="InferenceException">It would not be answered.</exception>
    public Task<ICallMessage> Begin(long id)
    {
        var answer = new TaskCompletionSource<ICallMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[id] = answer;
        // First noted, then looked at, as whoever ends the link first says so and then fails what is noted.
        if (Reason() is { } reason)
        {
            _requests.TryRemove(id, out _);
            throw reason;
        }

        return answer.Task;
    }

    /// <summary>Nobody waits for it any more; false where it had ended.</summary>
    public bool Forget(long id) => _requests.TryRemove(id, out _);

    public bool IsUnderWay(long id) => _requests.ContainsKey(id);

    public void Answer(ICallMessage reply)
    {
        // Nothing is left of one that was given up.
        if (_requests.TryRemove(reply.Id, out var answer))
        {
            answer.SetResult(reply);
        }
    }

    public void Fail(long id, InferenceException reason)
    {
        if (_requests.TryRemove(id, out var answer))
        {
            answer.SetException(reason);
            // A caller that has given up in this moment observes nothing.
            _ = answer.Task.Exception;
        }
    }

    /// <summary>Fails what is under way, and what begins until <see cref="Resume"/>.</summary>
    public void Interrupt(InferenceException reason)
    {
        _interruption = reason;
        FailAll(reason);
    }

    public void Resume() => _interruption = null;

    public void Lose(string reason)
    {
        _loss = reason;
        FailAll(Lost(reason));
        _ended.TrySetResult();
    }

    public void Close()
    {
        _closed = true;
        FailAll(Closed());
        _ended.TrySetResult();
    }

    private InferenceException? Reason() =>
        _loss is { } loss ? new InferenceException(InferenceFailure.Unreachable, loss) { NeverRan = true }
        : _closed ? Closed()
        : _interruption is { } interruption ? new InferenceException(interruption.Failure, interruption.Message) { NeverRan = true }
        : null;

    private void FailAll(InferenceException reason)
    {
        foreach (var id in _requests.Keys)
        {
            Fail(id, reason);
        }
    }

    private static InferenceException Lost(string reason) => new(InferenceFailure.Unreachable, reason);

    private InferenceException Closed() => new(InferenceFailure.ShuttingDown, $"The client of {node} was closed during a call.");
}
