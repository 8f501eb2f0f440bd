using System.Text.Json.Nodes;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Tests.Script;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Models;

/// <summary>BERT folders as people have them, put into a store and called.</summary>
public sealed class BertFolderSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;
    private readonly DisposeScope _scope = NewDisposeScope();

    public BertFolderSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(_store, BuiltInModels.AddTo(new ModelCatalog()));
    }

    public static TheoryData<string> Activations { get; } = [.. ReferenceBert.Activations.Keys];

    public void Dispose()
    {
        _scope.Dispose();
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [SkippableFact]
    public void ReferenceBert_should_give_PyTorchs_answers()
    {
        var examples = ExampleTensors.Read(ScriptFixture.Data("bert/examples.safetensors"));
        var weights = ExampleTensors.Read(ScriptFixture.Data("bert/model.safetensors"));

        var (states, pooled) = ReferenceBert.Run(
            weights, 3, 4, "gelu", 1e-12, examples["input_ids"], examples["attention_mask"], examples["token_type_ids"]);

        ExampleTensors.AssertClose(examples["last_hidden_state"], states.to(float32));
        ExampleTensors.AssertClose(examples["pooler_output"], pooled!.to(float32));
    }

    [Theory]
    [InlineData("", false, "")]
    [InlineData("bert.", false, "")]
    [InlineData("", true, "")]
    [InlineData("bert.", true, "embeddings.position_ids embeddings.token_type_ids")]
    [InlineData("", false, "classifier.weight classifier.bias")]
    [InlineData("bert.", true, "cls.predictions.bias cls.predictions.transform.LayerNorm.gamma cls.seq_relationship.weight")]
    public void Put_should_take_the_names_that_checkpoints_have(string prefix, bool gamma, string extra)
    {
        var bert = new BertFolder();
        var beside = extra.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var folder = bert.Save(
            _directory.File("bert"),
            name => prefix
                + (gamma ? name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta") : name),
            beside.ToDictionary(name => name.StartsWith("embeddings", StringComparison.Ordinal) ? prefix + name : name, _ => arange(16)));

        var handle = Put(folder);

        AssertAnswers(bert, handle);
        var leftOut = beside.Where(name => !name.StartsWith("embeddings", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var metadata = _store.ReadManifest(handle.Id).Metadata;
        Assert.Equal(leftOut.Count > 0, metadata.ContainsKey(ModelMetadata.LeftOut));
        Assert.Equal(string.Join('\n', leftOut), metadata.GetValueOrDefault(ModelMetadata.LeftOut, ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bert.")]
    public void Put_should_take_a_checkpoint_without_a_pooler(string prefix)
    {
        var bert = new BertFolder();
        bert.Weights.Remove("pooler.dense.weight");
        bert.Weights.Remove("pooler.dense.bias");

        AssertAnswers(bert, Put(bert.Save(_directory.File("bert"), name => prefix + name)));
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void Put_should_take_every_activation_that_is_known(string activation)
    {
        var bert = new BertFolder();
        bert.Configuration["hidden_act"] = activation;

        AssertAnswers(bert, Put(bert.Save(_directory.File("bert"))));
    }

    [Theory]
    [InlineData(ScalarType.Float16, 1e-2)]
    [InlineData(ScalarType.BFloat16, 1e-1)]
    [InlineData(ScalarType.Float64, 1e-9)]
    public void Put_should_compute_in_the_type_of_the_weights(ScalarType type, double tolerance)
    {
        var bert = new BertFolder();
        foreach (var name in bert.Weights.Keys)
        {
            bert.Weights[name] = bert.Weights[name].to(type);
        }

        AssertAnswers(bert, Put(bert.Save(_directory.File("bert"))), type, tolerance);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1, 7, 1)]
    [InlineData(100, 64, 5, 1, 7, 9, 2)]
    [InlineData(9, 48, 1, 12, 200, 64, 1)]
    [InlineData(300, 8, 3, 8, 16, 512, 5)]
    public void Put_should_take_any_sizes(int vocabulary, int hidden, int layers, int heads, int inner, int positions, int types)
    {
        var bert = new BertFolder(vocabulary, hidden, layers, heads, inner, positions, types);

        AssertAnswers(bert, Put(bert.Save(_directory.File("bert"))));
    }

    [Theory]
    [InlineData("is_decoder", "true", "is_decoder is true")]
    [InlineData("position_embedding_type", "\"relative_key\"", "'relative_key'")]
    [InlineData("hidden_act", "\"swoosh\"", "gelu_new")]
    [InlineData("hidden_act", "null", "hidden_act is null")]
    [InlineData("num_hidden_layers", "1", "encoder.layer.1.attention.self.query.weight is surplus")]
    [InlineData("num_hidden_layers", "3", "encoder.layer.2.attention.self.query.weight is missing")]
    [InlineData("hidden_size", "48", "configuration says [40, 48]")]
    [InlineData("vocab_size", "41", "configuration says [41, 24]")]
    [InlineData("vocab_size", "\"many\"", "vocab_size")]
    [InlineData("num_attention_heads", "5", "num_attention_heads 5")]
    [InlineData("model_type", "\"roberta\"", "'roberta' is not registered")]
    [InlineData("model_type", "5", "model_type")]
    [InlineData("model_type", null, "model_type")]
    public void Put_should_refuse_a_configuration_that_does_not_fit_and_leave_the_store_clean(string member, string? json, string reason)
    {
        var bert = new BertFolder();
        if (json is null)
        {
            bert.Configuration.Remove(member);
        }
        else
        {
            bert.Configuration[member] = JsonNode.Parse(json);
        }

        AssertRefused(bert.Save(_directory.File("bert")), reason);
    }

    [Theory]
    [InlineData("[]", "no JSON object")]
    [InlineData("{\"model_type\":\"bert\",\"model_type\":\"bert\"}", "not JSON")]
    [InlineData("{\"model_type\":\"\\ud800\"}", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    public void Put_should_refuse_a_configuration_that_is_none(string json, string reason)
    {
        var folder = new BertFolder().Save(_directory.File("bert"));
        File.WriteAllText(Path.Combine(folder, "config.json"), json);

        AssertRefused(folder, reason);
    }

    [Fact]
    public void Put_should_refuse_weights_of_several_types_or_of_integers()
    {
        var bert = new BertFolder();
        bert.Weights["pooler.dense.bias"] = bert.Weights["pooler.dense.bias"].to(float16);
        AssertRefused(bert.Save(_directory.File("mixed")), "F16 (1, such as pooler.dense.bias)");

        foreach (var name in bert.Weights.Keys)
        {
            bert.Weights[name] = bert.Weights[name].to(int8);
        }

        AssertRefused(bert.Save(_directory.File("integers")), "I8");
    }

    [Fact]
    public void Put_should_refuse_a_folder_when_two_tensors_come_to_the_same_name() => AssertRefused(
        new BertFolder().Save(_directory.File("bert"), extra: new Dictionary<string, Tensor> { ["embeddings.LayerNorm.gamma"] = ones(24) }),
        "'embeddings.LayerNorm.weight'");

    [Fact]
    public void BertModel_should_name_the_input_that_does_not_fit()
    {
        using var model = new BertModel(
            new BertConfiguration { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, IntermediateSize = 4, MaxPositions = 4 });
        var ids = tensor(new long[] { 1, 2, 3 }).view(1, 3);

        Refuses("input_ids holds 8", () => model.forward(ids + 5));
        Refuses("input_ids holds -1", () => model.forward(ids - 2));
        Refuses("token_type_ids holds 2", () => model.forward(ids, null, ids - 1));
        Refuses("input_ids holds elements of type Float32", () => model.forward(ids.to(float32)));
        Refuses("input_ids has shape [3]", () => model.forward(ids[0]));
        Refuses("input_ids has shape [1, 0]", () => model.forward(ids.narrow(1, 0, 0)));
        Refuses("attention_mask has shape [3]", () => model.forward(ids, ids[0]));

        static void Refuses(string reason, Action call) =>
            Assert.Contains(reason, Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Byte)]
    public void BertModel_should_take_integers_of_any_size(ScalarType type)
    {
        using var model = new BertModel(
            new BertConfiguration { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, IntermediateSize = 4, MaxPositions = 4 });
        var ids = tensor(new long[] { 1, 0, 3 }).view(1, 3);
        var mask = tensor(new long[] { 1, 1, 0 }).view(1, 3);

        ExampleTensors.AssertClose(
            model.forward(ids, mask, ids % 2)["last_hidden_state"],
            model.forward(ids.to(type), mask.to(type), (ids % 2).to(type))["last_hidden_state"]);
    }

    private ModelHandle Put(string folder) => _runtime.PutFileAsync(folder).GetAwaiter().GetResult();

    private void AssertAnswers(BertFolder bert, ModelHandle handle, ScalarType type = ScalarType.Float32, double tolerance = 1e-4)
    {
        var vocabulary = (int)bert.Configuration["vocab_size"]!;
        var types = (int)bert.Configuration["type_vocab_size"]!;
        var ids = arange(14).view(2, 7) % vocabulary;
        var segments = arange(14).view(2, 7) % types;
        var mask = ones_like(ids);
        mask[1, TensorIndex.Slice(4)] = 0;
        using var instance = _runtime.OpenAny(handle).RentAsync().AsTask().GetAwaiter().GetResult();
        foreach (var (attention, segment) in new[] { (mask, segments), (null, segments), (mask, (Tensor?)null), (null, null) })
        {
            var answer = (Dictionary<string, Tensor>)instance.Run(
                (module, _) => ((BertModel)module).forward(ids, attention, segment), null)!;
            var (states, pooled) = bert.Expected(ids, attention, segment);

            Assert.Equal(pooled is null ? 1 : 2, answer.Count);
            AssertClose(states, answer["last_hidden_state"]);
            if (pooled is not null)
            {
                AssertClose(pooled, answer["pooler_output"]);
            }
        }

        void AssertClose(Tensor expected, Tensor actual)
        {
            Assert.Equal(type, actual.dtype);
            Assert.Equal(expected.shape, actual.shape);
            Assert.InRange((expected - actual.to(float64)).abs().max().item<double>(), 0, tolerance);
            actual.Dispose();
        }
    }

    private void AssertRefused(string folder, string reason)
    {
        var refused = Assert.Throws<InvalidModelException>(() => Put(folder));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Empty(_store.List());
        Assert.Equal(0, _store.GetStatistics().UsedBytes);
    }
}
