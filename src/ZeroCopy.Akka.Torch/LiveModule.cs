using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Torch;

/// <summary>
/// What is left of a module that was put in this process: a clone on the stored tensors, which is the prototype of what is opened of it,
/// or why there is none. An opened model holds it. Thread-safe.
/// </summary>
internal sealed class LiveModule : IDisposable
{
    private readonly Holds _holds;

    public LiveModule(torch.nn.Module module)
    {
        Module = module;
        _holds = new Holds($"The {module.GetType().Name} that was put", () => ModuleDisposal.Release(module));
    }

    public LiveModule(CloneRefusedException refused)
    {
        Refused = refused;
        _holds = new Holds("The module that was put", static () => { });
    }

    public torch.nn.Module? Module { get; }

    public CloneRefusedException? Refused { get; }

    /// <inheritdoc cref="Holds.Take"/>
    public void Take() => _holds.Take();

    /// <inheritdoc cref="Holds.End"/>
    public void End() => _holds.End();

    /// <inheritdoc cref="Holds.Use"/>
    public torch.nn.Module Use(Func<torch.nn.Module> clone) => _holds.Use(clone);

    public void Dispose() => _holds.Close();
}
