namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>Answers the messages of users with twelve models. Thread-safe.</summary>
internal interface IMessageService : IAsyncDisposable
{
    /// <summary>Ends when a model has answered.</summary>
    /// <exception cref="Errors.InferenceException">It was not answered in time.</exception>
    /// <exception cref="OperationCanceledException">The user waits no longer.</exception>
    Task AnswerAsync(int model, CancellationToken cancellationToken);
}
