using System.Security.Cryptography;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>A model that several processes know, and the input that they compare its answers on.</summary>
/// <param name="Name">What it is called in commands.</param>
/// <param name="Build">Builds it; on META where it can be built without weights.</param>
/// <param name="Input">The input; the caller disposes it.</param>
public sealed record ModelCase(string Name, Func<Device, nn.Module<Tensor, Tensor>> Build, Func<Tensor> Input)
{
    /// <summary>How a process that did not wrap the model builds it.</summary>
    public LoadOptions<nn.Module<Tensor, Tensor>> LoadOptions => new() { ModuleFactory = build => Build(build.Device) };

    /// <summary>The model with weights of its own.</summary>
    public nn.Module<Tensor, Tensor> Make() => Build(CPU);

    /// <summary>The answer to the input, without gradients; the caller disposes it.</summary>
    public Tensor Answer(nn.IModule<Tensor, Tensor> model)
    {
        using var frozen = no_grad();
        using var input = Input();
        return model.call(input);
    }

    /// <summary>The answer's elements as a hash, for other processes.</summary>
    public string AnswerDigest(nn.IModule<Tensor, Tensor> model)
    {
        using var answer = Answer(model);
        return Digest(answer);
    }

    public static string Digest(Tensor tensor)
    {
        using var dense = tensor.contiguous();
        return Convert.ToHexString(SHA256.HashData(dense.bytes));
    }

    public override string ToString() => Name;
}
