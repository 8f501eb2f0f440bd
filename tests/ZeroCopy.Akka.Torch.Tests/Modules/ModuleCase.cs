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

    /// <summary>The answer of a module that is on a device, on the CPU.</summary>
    public torch.Tensor Run(torch.nn.Module module, torch.Device device)
    {
        CaseInputs.Place = device;
        try
        {
            using var answer = Run(module);
            Assert.Equal(device.type, answer.device_type);
            return answer.cpu();
        }
        finally
        {
            CaseInputs.Place = null;
        }
    }

    public override string ToString() => Name;
}
