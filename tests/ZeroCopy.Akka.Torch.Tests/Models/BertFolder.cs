using System.Text.Json.Nodes;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Models;

/// <summary>A checkpoint of a BERT with random weights, to be changed as other programs write them, and saved as a model folder.</summary>
internal sealed class BertFolder
{
    public BertFolder(
        int vocabulary = 40, int hidden = 24, int layers = 2, int heads = 3, int inner = 20, int positions = 16, int types = 3)
    {
        Configuration = new JsonObject
        {
            ["model_type"] = "bert",
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = hidden,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = heads,
            ["intermediate_size"] = inner,
            ["max_position_embeddings"] = positions,
            ["type_vocab_size"] = types,
            ["layer_norm_eps"] = 1e-6,
            ["hidden_act"] = "gelu",
        };
        using var generator = new Generator(7);
        Add("embeddings.word_embeddings.weight", vocabulary, hidden);
        Add("embeddings.position_embeddings.weight", positions, hidden);
        Add("embeddings.token_type_embeddings.weight", types, hidden);
        Norm("embeddings.LayerNorm");
        for (var i = 0; i < layers; i++)
        {
            Linear($"encoder.layer.{i}.attention.self.query", hidden, hidden);
            Linear($"encoder.layer.{i}.attention.self.key", hidden, hidden);
            Linear($"encoder.layer.{i}.attention.self.value", hidden, hidden);
            Linear($"encoder.layer.{i}.attention.output.dense", hidden, hidden);
            Norm($"encoder.layer.{i}.attention.output.LayerNorm");
            Linear($"encoder.layer.{i}.intermediate.dense", inner, hidden);
            Linear($"encoder.layer.{i}.output.dense", hidden, inner);
            Norm($"encoder.layer.{i}.output.LayerNorm");
        }

        Linear("pooler.dense", hidden, hidden);

        void Add(string name, params long[] shape) => Weights[name] = randn(shape, generator: generator) * 0.3;

        void Linear(string name, long outputs, long inputs)
        {
            Add(name + ".weight", outputs, inputs);
            Add(name + ".bias", outputs);
        }

        void Norm(string name)
        {
            Weights[name + ".weight"] = 1 + (randn([hidden], generator: generator) * 0.3);
            Add(name + ".bias", hidden);
        }
    }

    /// <summary>What <c>config.json</c> will say.</summary>
    public JsonObject Configuration { get; }

    /// <summary>The tensors under the names that BertModel itself has.</summary>
    public Dictionary<string, Tensor> Weights { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Writes the folder, the tensors under the names that <paramref name="rename"/> gives them, and <paramref name="extra"/> beside them.
    /// </summary>
    public string Save(string folder, Func<string, string>? rename = null, IReadOnlyDictionary<string, Tensor>? extra = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Configuration.ToJsonString());
        var tensors = Weights.Select(pair => KeyValuePair.Create(rename?.Invoke(pair.Key) ?? pair.Key, pair.Value))
            .Concat(extra ?? new Dictionary<string, Tensor>());
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            tensors.Select(pair => KeyValuePair.Create(
                pair.Key,
                new HostTensor(new TensorLayout(pair.Value.dtype.ToDType(), pair.Value.shape), pair.Value.contiguous().bytes.ToArray()))));
        return folder;
    }

    /// <summary>The reference's answer of these weights.</summary>
    public (Tensor States, Tensor? Pooled) Expected(Tensor ids, Tensor? mask = null, Tensor? types = null) => ReferenceBert.Run(
        Weights,
        (int)Configuration["num_hidden_layers"]!,
        (int)Configuration["num_attention_heads"]!,
        (string)Configuration["hidden_act"]!,
        (double)Configuration["layer_norm_eps"]!,
        ids,
        mask,
        types);
}
