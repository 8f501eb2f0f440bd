using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// One call of an asynchronous function. Modes and dispose scopes of TorchSharp belong to threads and cannot be open across an await, so
/// each piece of the function, from one await to the next, gets its own: this is the context that its awaits come back to.
/// </summary>
internal sealed class AsyncModelCall : SynchronizationContext
{
    private readonly AsyncModelFunction _function;
    private readonly object _target;
    private readonly object? _argument;
    private readonly Action<Action> _schedule;

    // Tensors of the pieces that have ended. Locked while a piece runs: the function may have ended, for whoever awaits it, inside its last
    // one.
    private readonly List<IDisposable> _made = [];

    // The first one that TorchSharp did not ask for: the function goes on with a wrong value, and its answer is none.
    private ExternalException? _failure;

    private AsyncModelCall(AsyncModelFunction function, object target, object? argument, Action<Action>? schedule)
    {
        _function = function;
        _target = target;
        _argument = argument;
        _schedule = schedule ?? OnPool();
    }

    /// <summary>Runs a function, see <see cref="IModelInstance.RunAsync"/>.</summary>
    public static Task<object?> RunAsync(AsyncModelFunction function, object target, object? argument, Action<Action>? schedule) =>
        new AsyncModelCall(function, target, argument, schedule).RunAsync();

    /// <summary>What follows an await.</summary>
    public override void Post(SendOrPostCallback d, object? state) => _schedule(() => Piece(() => d(state)));

    /// <summary>Not for awaits.</summary>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A function of a model is not to wait for a piece of itself.");

    /// <summary>The same context: pieces of one call run one at a time.</summary>
    public override SynchronizationContext CreateCopy() => this;

    private async Task<object?> RunAsync()
    {
        Task<object?>? running = null;
        try
        {
            Piece(() => running = _function(_target, _argument));
            await ((Task)running!).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ThrowIfFailed();
            return Finish(await running.ConfigureAwait(false));
        }
        finally
        {
            lock (_made)
            {
                foreach (var left in _made)
                {
                    left.Dispose();
                }

                _made.Clear();
            }
        }
    }

    private void Piece(Action piece)
    {
        lock (_made)
        {
            Run(piece);
        }
    }

    private void Run(Action piece)
    {
        var outer = Current;
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        SetSynchronizationContext(this);
        CheckedCall.Begin();
        try
        {
            piece();
        }
        finally
        {
            SetSynchronizationContext(outer);
            // Wanted by the pieces that follow.
            IDisposable[] made = [.. scope.DisposablesView];
            scope.Detach(made);
            _made.AddRange(made);
            try
            {
                CheckedCall.End();
            }
            catch (ExternalException failure)
            {
                // Nobody awaits a piece: the call fails, once its function has ended.
                _failure ??= failure;
            }
        }
    }

    private void ThrowIfFailed()
    {
        lock (_made)
        {
            if (_failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    private object? Finish(object? answer)
    {
        using var scope = torch.NewDisposeScope();
        lock (_made)
        {
            foreach (var made in _made)
            {
                scope.Attach(made);
            }

            _made.Clear();
        }

        answer = BorrowedTensors.Replace(answer, scope, _target, _argument);
        Answers.MoveOut(answer);
        return answer;
    }

    private static Action<Action> OnPool()
    {
        var oneAtATime = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        return piece => Task.Factory.StartNew(piece, CancellationToken.None, TaskCreationOptions.None, oneAtATime);
    }
}
