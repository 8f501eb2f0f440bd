using ZeroCopy.Runtime;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch.Script;

/// <summary>A rented script.</summary>
internal sealed class ScriptInstance(ScriptModel owner, ScriptProgram program) : IModelInstance
{
    private ScriptProgram? _program = program;

    public object Target => _program ?? throw new ObjectDisposedException(nameof(ScriptInstance));

    public object? Run(ModelFunction function, object? argument) => ModelCall.Run(function, Target, argument);

    public Task<object?> RunAsync(AsyncModelFunction function, object? argument, Action<Action>? schedule = null) =>
        AsyncModelCall.RunAsync(function, Target, argument, schedule);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _program, null) is { } given)
        {
            owner.GiveBack(given);
        }
    }
}
