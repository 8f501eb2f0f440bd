using TorchSharp;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>The activations that <c>hidden_act</c> may name, as Hugging Face's transformers names them.</summary>
internal static class BertActivation
{
    // Kept for good: see HeldNumber.
    private static readonly Scalar Half = 0.5;
    private static readonly Scalar Three = 3;
    private static readonly Scalar Ten = 10;
    private static readonly Scalar MinusTen = -10;
    private static readonly Scalar QuickScale = 1.702;
    private static readonly Scalar GeluScale = Math.Sqrt(2 / Math.PI);
    private static readonly Scalar GeluCubic = 0.044715;

    private static readonly Dictionary<string, Func<torch.Tensor, torch.Tensor>> Known = new(StringComparer.Ordinal)
    {
        ["gelu"] = x => functional.gelu(x),
        ["gelu_python"] = x => functional.gelu(x),
        ["gelu_new"] = GeluTanh,
        ["gelu_pytorch_tanh"] = GeluTanh,
        ["gelu_fast"] = GeluTanh,
        ["gelu_python_tanh"] = GeluTanh,
        ["gelu_accurate"] = GeluTanh,
        ["gelu_10"] = x => functional.gelu(x).clamp_(MinusTen, Ten),
        ["quick_gelu"] = x => x * torch.sigmoid(x.mul(QuickScale)),
        ["relu"] = x => functional.relu(x),
        ["relu2"] = x => functional.relu(x).square(),
        ["relu6"] = x => functional.relu6(x),
        ["leaky_relu"] = x => functional.leaky_relu(x, 0.01),
        ["mish"] = x => functional.mish(x),
        ["silu"] = x => functional.silu(x),
        ["swish"] = x => functional.silu(x),
        ["tanh"] = torch.tanh,
        ["sigmoid"] = torch.sigmoid,
        ["linear"] = x => x,
    };

    /// <summary>The function of that name.</summary>
    /// <exception cref="ArgumentException">Unknown; the message lists those known.</exception>
    public static Func<torch.Tensor, torch.Tensor> For(string? name) => name is not null && Known.TryGetValue(name, out var activation)
        ? activation
        : throw new ArgumentException(
            $"hidden_act is {(name is null ? "null" : $"'{name}'")}; known are "
            + $"{string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}.");

    // D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415.
    private static torch.Tensor GeluTanh(torch.Tensor x) =>
        x.mul(Half) * torch.tanh(x.add(x.pow(Three).mul(GeluCubic), HeldNumber.One).mul(GeluScale)).add(HeldNumber.One, HeldNumber.One);
}
