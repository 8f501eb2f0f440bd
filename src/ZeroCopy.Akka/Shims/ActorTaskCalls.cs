using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Shims;

/// <summary>Tasks of one model as one-shot actors.</summary>
internal sealed class ActorTaskCalls(TaskRunner runner, IInstanceSource source) : ITaskCalls
{
    public object? Call(ModelFunction function, object? argument)
    {
        var answer = Unwrapped(runner.RunAsync(source, function, argument)).GetAwaiter().GetResult();
        MoveIntoCurrentScope(answer, argument as MethodCall);
        return answer;
    }

    public Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Unwrapped(runner.RunAsync(source, function, argument, timeout is null ? null : new TaskOptions { Deadline = timeout }, cancellationToken));

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

    // The answer is made on another thread, outside the caller's dispose scope: moved into it, as the module's own call would have done.
    private static void MoveIntoCurrentScope(object? answer, MethodCall? call)
    {
        if (answer is torch.Tensor tensor)
        {
            if (call is null || !call.Holds(tensor))
            {
                using var scope = torch.NewDisposeScope();
                scope.Attach(tensor);
                scope.MoveToOuter(tensor);
            }
        }
        else if (answer is ITuple tuple)
        {
            for (var i = 0; i < tuple.Length; i++)
            {
                MoveIntoCurrentScope(tuple[i], call);
            }
        }
    }
}
