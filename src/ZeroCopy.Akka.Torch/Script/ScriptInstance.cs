using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch.Script;

/// <summary>A rented script.</summary>
internal sealed class ScriptInstance(ScriptModel owner, ScriptProgram program) : IModelInstance
{
    private ScriptProgram? _program = program;

    public object Target => _program ?? throw new ObjectDisposedException(nameof(ScriptInstance));

    public object? Run(ModelFunction function, object? argument)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var answer = function(Target, argument);
        Answers.MoveOut(answer);
        return answer;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _program, null) is { } given)
        {
            owner.GiveBack(given);
        }
    }
}
