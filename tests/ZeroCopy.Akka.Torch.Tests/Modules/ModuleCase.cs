using TorchSharp;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A module of the catalogue and one call of it with a fixed input.</summary>
public sealed record ModuleCase(string Name, Func<torch.nn.Module> Make, Func<torch.nn.Module, torch.Tensor> Forward)
{
    /// <summary>The same weights for the same seed, in eval mode.</summary>
    public torch.nn.Module Create(int seed)
    {
        torch.manual_seed(seed);
        var module = Make();
        module.eval();
        return module;
    }

    /// <summary>The answer, without gradients.</summary>
    public torch.Tensor Run(torch.nn.Module module)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return Forward(module).MoveToOuterDisposeScope();
    }

    public override string ToString() => Name;
}
