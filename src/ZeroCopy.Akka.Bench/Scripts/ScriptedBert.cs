using System.Globalization;
using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Scripts;

/// <summary>
/// A BERT as a TorchScript file, as tracing <c>transformers</c>' own writes it: the same tree of modules, a class for each. Its
/// <c>forward</c> takes <c>input_ids</c> and <c>attention_mask</c> [batch, tokens] and returns the last hidden state and the pooler's
/// output.
/// </summary>
internal static class ScriptedBert
{
    /// <summary>Writes a model with a pooler and GELU to a file, weights and all.</summary>
    public static void Write(string path, BertModel model, BertConfiguration configuration)
    {
        var parameters = model.named_parameters().ToDictionary(item => item.name, item => (Tensor)item.parameter, StringComparer.Ordinal);
        TracedArchive.Write(path, new Tracer(parameters, configuration).Model());
    }

    private sealed class Tracer(Dictionary<string, Tensor> parameters, BertConfiguration configuration)
    {
        private const string OneTensor = "argument_1: Tensor";
        private const string TwoTensors = "argument_1: Tensor,\n    argument_2: Tensor";

        public TracedModule Model() => new TracedModule(
                "BertModel", "input_ids: Tensor,\n    attention_mask: Tensor", "Tuple[Tensor, Tensor]",
                "_0 = torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2)",
                "mask = torch.ne(_0, 0)",
                "states = (_encoder).forward((_embeddings).forward(input_ids, ), mask, )",
                "return (states, (_pooler).forward(states, ))")
            .With("embeddings", Embeddings("embeddings"))
            .With("encoder", Encoder("encoder"))
            .With("pooler", Pooler("pooler"));

        private TracedModule Embeddings(string at) => new TracedModule(
                "BertEmbeddings", OneTensor, "Tensor",
                "tokens = torch.size(argument_1, 1)",
                "positions = torch.arange(tokens, dtype=4, layout=None, device=torch.device(\"cpu\"), pin_memory=False)",
                "_0 = (_token_type_embeddings).forward(torch.zeros_like(argument_1), )",
                "_1 = torch.add((_word_embeddings).forward(argument_1, ), _0)",
                "_2 = torch.add(_1, (_position_embeddings).forward(torch.unsqueeze(positions, 0), ))",
                "return (_dropout).forward((_LayerNorm).forward(_2, ), )")
            .With("word_embeddings", Table($"{at}.word_embeddings"))
            .With("position_embeddings", Table($"{at}.position_embeddings"))
            .With("token_type_embeddings", Table($"{at}.token_type_embeddings"))
            .With("LayerNorm", Norm($"{at}.LayerNorm"))
            .With("dropout", Dropout());

        private TracedModule Pooler(string at) => new TracedModule(
                "BertPooler", OneTensor, "Tensor", "return (_activation).forward((_dense).forward(torch.select(argument_1, 1, 0), ), )")
            .With("dense", Linear($"{at}.dense"))
            .With("activation", new TracedModule("Tanh", OneTensor, "Tensor", "return torch.tanh(argument_1)"));

        private TracedModule Encoder(string at)
        {
            var layers = new TracedModule("ModuleList", "", "");
            var calls = new List<string>();
            for (var i = 0; i < configuration.Layers; i++)
            {
                layers.With($"{i}", Layer($"{at}.layer.{i}"));
                calls.Add($"{States(i + 1)} = (getattr(_layer, \"{i}\")).forward({States(i)}, argument_2, )");
            }

            calls.Add($"return {States(configuration.Layers)}");
            return new TracedModule("BertEncoder", TwoTensors, "Tensor", [.. calls]).With("layer", layers);

            static string States(int layer) => layer == 0 ? "argument_1" : $"states_{layer}";
        }

        private TracedModule Layer(string at) => new TracedModule(
                "BertLayer", TwoTensors, "Tensor",
                "_0 = (_attention).forward(argument_1, argument_2, )",
                "return (_output).forward((_intermediate).forward(_0, ), _0, )")
            .With("attention", Attention($"{at}.attention"))
            .With("intermediate", Intermediate($"{at}.intermediate"))
            .With("output", Output("BertOutput", $"{at}.output"));

        private TracedModule Attention(string at) => new TracedModule(
                "BertAttention", TwoTensors, "Tensor", "return (_output).forward((_self).forward(argument_1, argument_2, ), argument_1, )")
            .With("self", SelfAttention($"{at}.self"))
            .With("output", Output("BertSelfOutput", $"{at}.output"));

        private TracedModule Intermediate(string at) => new TracedModule(
                "BertIntermediate", OneTensor, "Tensor", "return (_intermediate_act_fn).forward((_dense).forward(argument_1, ), )")
            .With("dense", Linear($"{at}.dense"))
            .With("intermediate_act_fn", new TracedModule("GELUActivation", OneTensor, "Tensor", "return torch.gelu(argument_1)"));

        private TracedModule SelfAttention(string at)
        {
            var head = configuration.HiddenSize / configuration.Heads;
            string Heads(string projection) =>
                $"{projection} = torch.transpose(torch.view((_{projection}).forward(argument_1, ), [batch, tokens, -1, {head}]), 1, 2)";
            return new TracedModule(
                    "BertSelfAttention", TwoTensors, "Tensor",
                    "batch = torch.size(argument_1, 0)",
                    "tokens = torch.size(argument_1, 1)",
                    Heads("query"),
                    Heads("key"),
                    Heads("value"),
                    "_0 = torch.scaled_dot_product_attention(query, key, value, argument_2, 0., False)",
                    "return torch.reshape(torch.transpose(_0, 1, 2), [batch, tokens, -1])")
                .With("query", Linear($"{at}.query"))
                .With("key", Linear($"{at}.key"))
                .With("value", Linear($"{at}.value"))
                .With("dropout", Dropout());
        }

        private TracedModule Output(string type, string at) => new TracedModule(
                type, TwoTensors, "Tensor",
                "_0 = (_dropout).forward((_dense).forward(argument_1, ), )",
                "return (_LayerNorm).forward(torch.add(_0, argument_2), )")
            .With("dense", Linear($"{at}.dense"))
            .With("LayerNorm", Norm($"{at}.LayerNorm"))
            .With("dropout", Dropout());

        private TracedModule Table(string at) =>
            new TracedModule("Embedding", OneTensor, "Tensor", "return torch.embedding(_weight, argument_1)")
                .With("weight", parameters[$"{at}.weight"]);

        private TracedModule Linear(string at) =>
            Weighted(new TracedModule("Linear", OneTensor, "Tensor", "return torch.linear(argument_1, _weight, _bias)"), at);

        private TracedModule Norm(string at)
        {
            var epsilon = configuration.NormEpsilon.ToString("0.0################", CultureInfo.InvariantCulture);
            var call = $"return torch.layer_norm(argument_1, [{configuration.HiddenSize}], _weight, _bias, {epsilon})";
            return Weighted(new TracedModule("LayerNorm", OneTensor, "Tensor", call), at);
        }

        private static TracedModule Dropout() => new("Dropout", OneTensor, "Tensor", "return torch.dropout(argument_1, 0.1, False)");

        private TracedModule Weighted(TracedModule module, string at) =>
            module.With("weight", parameters[$"{at}.weight"]).With("bias", parameters[$"{at}.bias"]);
    }
}
