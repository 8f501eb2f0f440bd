using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Clients;

/// <summary>The node that a client asks, and what waits for one. Thread-safe.</summary>
internal sealed class ContactLink(RouteTable routes, ImmutableArray<Address> contacts, TimeSpan patience)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<IActorRef> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>The node; null while none answers.</summary>
    public IActorRef? Node => _node.Task is { IsCompletedSuccessfully: true, Result: var node } ? node : null;

    /// <summary>The node, as soon as one answers.</summary>
    /// <exception cref="InferenceException">None has answered for too long, or the client was closed.</exception>
    public Task<IActorRef> NodeAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _node.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A node answers, and is asked from now on.</summary>
    public void OnFound(IActorRef node)
    {
        lock (_lock)
        {
            Anew().TrySetResult(node);
        }

        routes.Start(node);
    }

    /// <summary>It answers no more; others are looked for.</summary>
    public void OnLost()
    {
        lock (_lock)
        {
            Anew();
        }
    }

    /// <summary>None has answered for as long as they may be silent; they are still looked for.</summary>
    public void OnSilence()
    {
        var reason = $"No node of the cluster answers: asked for {patience.TotalSeconds:0.#} s at {string.Join(", ", contacts)}.";
        lock (_lock)
        {
            Fail(new InferenceException(InferenceFailure.Unreachable, reason));
        }

        routes.Lose(reason);
    }

    /// <summary>None is looked for any more.</summary>
    public void OnStopped()
    {
        lock (_lock)
        {
            _closed = true;
            Anew();
        }
    }

    /// <summary>The node to come, for those who wait already and those who ask from now on; failed where the client is closed.</summary>
    private TaskCompletionSource<IActorRef> Anew()
    {
        if (_node.Task.IsCompleted)
        {
            _node = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (_closed)
        {
            Fail(new InferenceException(InferenceFailure.ShuttingDown, "The client was closed."));
        }

        return _node;
    }

    private void Fail(InferenceException reason)
    {
        if (_node.TrySetException(reason))
        {
            // Nobody may be waiting.
            _ = _node.Task.Exception;
        }
    }
}
