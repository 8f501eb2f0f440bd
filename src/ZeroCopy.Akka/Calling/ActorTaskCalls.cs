using ZeroCopy.Actors.Tasks;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Tasks of one model as one-shot actors.</summary>
internal sealed class ActorTaskCalls(TaskRunner runner, IInstanceSource source) : ITaskCalls
{
    public object? Call(ModelFunction function, object? argument)
    {
        var answer = Unwrapped(runner.RunAsync(source, function, argument)).GetAwaiter().GetResult();
        CallerScope.Attach(answer);
        return answer;
    }

    public Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Unwrapped(
            runner.RunAsync(
                source, function, argument, timeout is null ? null : new TaskOptions { Deadline = timeout }, cancellationToken));

    private static async Task<object?> Unwrapped(Task<object?> task)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (InferenceException exception) when (exception.InnerException is MethodNotAllowedException refused)
        {
            throw new MethodNotAllowedException(refused.Message, refused.Method);
        }
    }
}
