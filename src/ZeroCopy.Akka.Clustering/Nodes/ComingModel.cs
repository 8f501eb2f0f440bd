using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>A model that a node is about to receive under a name, which may be removed meanwhile. Thread-safe.</summary>
/// <param name="name">Its name, with the version.</param>
/// <param name="model">The model.</param>
internal sealed class ComingModel(ModelName name, ModelId model)
{
    private readonly CancellationTokenSource _removed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelName Name => name;

    public ModelId Model => model;

    /// <summary>Cancelled when the name is removed.</summary>
    public CancellationToken Removed => _removed.Token;

    /// <summary>Ends when the model has come, or does not come.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The model has come, or does not come.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Gives the receiving up; ends when that has ended, perhaps with the model.</summary>
    public Task RemoveAsync()
    {
        _removed.Cancel();
        return _ended.Task;
    }
}
