using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity.Scripts;

/// <summary>The TorchScript models that PyTorch wrote, see make.py.</summary>
internal static class ScriptFiles
{
    /// <summary>The names of the models.</summary>
    public static IEnumerable<string> Names => ["traced", "scripted"];

    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Parity", "Scripts", $"{name}.pt");

    public static jit.ScriptModule<Tensor, Tensor> Load(string name) => jit.load<Tensor, Tensor>(Path(name));

    /// <summary>The scripted model with layers of another width, which its code does not depend on.</summary>
    public static jit.ScriptModule<Tensor, Tensor> Widened(int width)
    {
        var script = Load("scripted");
        using var frozen = no_grad();
        var seed = 0;
        foreach (var (_, tensor) in State(script).Where(pair => pair.Tensor.dim() > 0))
        {
            using var wide = linspace(0.01 + (0.01 * ++seed), 0.02, tensor.dim() == 2 ? (long)width * width : width);
            using var shaped = tensor.dim() == 2 ? wide.reshape(width, width) : wide.alias();
            tensor.set_(shaped).Dispose();
        }

        return script;
    }

    /// <summary>Parameters and buffers by name, a tied one once.</summary>
    public static List<(string Name, Tensor Tensor)> State(nn.Module script) =>
        [
            .. script.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter)),
            .. script.named_buffers().Select(pair => (pair.name, pair.buffer)),
        ];

    public static Tensor Input(int width) => linspace(-1, 1, 3 * width).reshape(3, width);
}
