using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Models;

/// <summary>BERT as its paper writes it, in double precision and from the state dictionary alone: what answers are compared with.</summary>
internal static class ReferenceBert
{
    public static Dictionary<string, Func<Tensor, Tensor>> Activations { get; } = new(StringComparer.Ordinal)
    {
        ["gelu"] = Gelu,
        ["gelu_python"] = Gelu,
        ["gelu_10"] = x => minimum(maximum(Gelu(x), tensor(-10.0)), tensor(10.0)),
        ["gelu_new"] = GeluTanh,
        ["gelu_fast"] = GeluTanh,
        ["gelu_accurate"] = GeluTanh,
        ["gelu_pytorch_tanh"] = GeluTanh,
        ["gelu_python_tanh"] = GeluTanh,
        ["quick_gelu"] = x => x / (1 + exp(-1.702 * x)),
        ["relu"] = x => maximum(x, zeros_like(x)),
        ["relu2"] = x => maximum(x, zeros_like(x)).pow(2),
        ["relu6"] = x => minimum(maximum(x, zeros_like(x)), tensor(6.0)),
        ["leaky_relu"] = x => where(x > 0, x, 0.01 * x),
        ["mish"] = x => x * tanh(log(1 + exp(x))),
        ["silu"] = Silu,
        ["swish"] = Silu,
        ["tanh"] = x => (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
        ["sigmoid"] = x => 1 / (1 + exp(-x)),
        ["linear"] = x => x,
    };

    /// <summary>Hidden states [batch, tokens, hidden] and, where the weights have a pooler, its output, both in double precision.</summary>
    public static (Tensor States, Tensor? Pooled) Run(
        IReadOnlyDictionary<string, Tensor> weights,
        int layers,
        int heads,
        string activation,
        double epsilon,
        Tensor ids,
        Tensor? mask,
        Tensor? types)
    {
        var (batch, tokens) = (ids.shape[0], ids.shape[1]);
        var states = W("embeddings.word_embeddings.weight")[ids]
            + W("embeddings.token_type_embeddings.weight")[types ?? zeros_like(ids)]
            + W("embeddings.position_embeddings.weight")[arange(tokens)];
        states = Norm(states, "embeddings.LayerNorm");
        var hidden = states.shape[2];
        var bias = mask is null ? zeros(1, dtype: float64) : ((1 - mask.to(float64)) * -1e30).view(batch, 1, 1, tokens);
        for (var i = 0; i < layers; i++)
        {
            var layer = $"encoder.layer.{i}";
            var (query, key, value) =
                (Split($"{layer}.attention.self.query"), Split($"{layer}.attention.self.key"), Split($"{layer}.attention.self.value"));
            var scores = exp((matmul(query, key.transpose(2, 3)) / Math.Sqrt((double)hidden / heads)) + bias);
            var context = matmul(scores / scores.sum(-1, keepdim: true), value).transpose(1, 2).reshape(batch, tokens, hidden);
            var attended = Norm(Linear(context, $"{layer}.attention.output.dense") + states, $"{layer}.attention.output.LayerNorm");
            var inner = Activations[activation](Linear(attended, $"{layer}.intermediate.dense"));
            states = Norm(Linear(inner, $"{layer}.output.dense") + attended, $"{layer}.output.LayerNorm");
        }

        var first = states.narrow(1, 0, 1).squeeze(1);
        return (states, weights.ContainsKey("pooler.dense.weight") ? tanh(Linear(first, "pooler.dense")) : null);

        Tensor W(string name) => weights[name].to(float64);

        Tensor Linear(Tensor x, string name) => matmul(x, W(name + ".weight").t()) + W(name + ".bias");

        Tensor Split(string name) => Linear(states, name).view(batch, tokens, heads, -1).transpose(1, 2);

        Tensor Norm(Tensor x, string name)
        {
            var centred = x - x.mean([-1], keepdim: true);
            return (centred / sqrt(centred.pow(2).mean([-1], keepdim: true) + epsilon) * W(name + ".weight")) + W(name + ".bias");
        }
    }

    private static Tensor Gelu(Tensor x) => 0.5 * x * (1 + erf(x / Math.Sqrt(2)));

    private static Tensor GeluTanh(Tensor x) => 0.5 * x * (1 + tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x.pow(3)))));

    private static Tensor Silu(Tensor x) => x / (1 + exp(-x));
}
