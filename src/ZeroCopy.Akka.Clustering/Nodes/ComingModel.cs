namespace ZeroCopy.Clustering.Nodes;

/// <summary>A model that a node is about to receive under a name, until that name is removed. Thread-safe.</summary>
internal sealed class ComingModel
{
    private readonly CancellationTokenSource _removed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled when the name is removed.</summary>
    public CancellationToken Removed => _removed.Token;

    /// <summary>It came, or does not.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Has it not come any more; ends when it does not, or has.</summary>
    public Task RemoveAsync()
    {
        _removed.Cancel();
        return _ended.Task;
    }
}
