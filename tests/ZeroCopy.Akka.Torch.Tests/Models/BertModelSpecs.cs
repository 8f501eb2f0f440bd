using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Tests.Script;

namespace ZeroCopy.Torch.Tests.Models;

public sealed class BertModelSpecs
{
    private static readonly BertConfiguration Small = new()
    {
        VocabularySize = 50,
        HiddenSize = 16,
        Layers = 2,
        Heads = 2,
        IntermediateSize = 32,
        MaxPositions = 20,
    };

    [Fact]
    public void BertModel_should_name_its_parameters_as_Hugging_Face_does()
    {
        using var model = new BertModel(Small);

        var names = model.state_dict().Keys.ToList();

        Assert.Equal(5 + (16 * 2) + 2, names.Count);
        Assert.Contains("embeddings.LayerNorm.bias", names);
        Assert.Contains("encoder.layer.1.attention.self.query.weight", names);
        Assert.Contains("encoder.layer.0.output.LayerNorm.weight", names);
        Assert.Contains("pooler.dense.bias", names);
    }

    [Fact]
    public void BertModel_should_allocate_nothing_when_built_on_meta()
    {
        using var model = new BertModel(Small, torch.META);

        Assert.All(model.state_dict().Values, tensor => Assert.Equal(DeviceType.META, tensor.device_type));
    }

    [Fact]
    public void BertModel_should_give_no_pooler_output_when_it_has_no_pooler()
    {
        using var model = new BertModel(Small with { HasPooler = false });
        using var input = torch.ones([1, 4], torch.int64);

        Assert.Equal(["last_hidden_state"], model.forward(input).Keys);
    }

    [Fact]
    public void BertModel_should_refuse_a_sequence_when_it_is_longer_than_the_positions()
    {
        using var model = new BertModel(Small);
        using var input = torch.ones([1, 21], torch.int64);

        var refused = Assert.Throws<ArgumentException>(() => model.forward(input));

        Assert.Contains("at most 20", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"num_attention_heads": 7}""", "num_attention_heads 7")]
    [InlineData("""{"hidden_size": 0}""", "hidden_size is 0")]
    [InlineData("""{"num_hidden_layers": 16000000}""", "between 1 and 10000")]
    [InlineData("""{"hidden_act": "swoosh"}""", "swoosh")]
    [InlineData("""{"layer_norm_eps": 0}""", "layer_norm_eps")]
    [InlineData("""{"vocab_size": "many"}""", "vocab_size")]
    public void BertConfiguration_should_refuse_values_that_make_no_model(string json, string named)
    {
        var refused = Assert.Throws<InvalidModelException>(() => BertConfiguration.Parse(json, "config.json"));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("bert")]
    [InlineData("bert/sharded")]
    public void BertModel_should_give_PyTorchs_answers(string folder)
    {
        var path = ScriptFixture.Data(folder);
        var examples = ExampleTensors.Read(ScriptFixture.Data("bert/examples.safetensors"));
        using var model = Loaded(path);

        var answer = model.forward(examples["input_ids"], examples["attention_mask"], examples["token_type_ids"]);

        ExampleTensors.AssertClose(examples["last_hidden_state"], answer["last_hidden_state"]);
        ExampleTensors.AssertClose(examples["pooler_output"], answer["pooler_output"]);
    }

    private static BertModel Loaded(string folder)
    {
        var single = Path.Combine(folder, "model.safetensors");
        using var file = SafetensorsFile.Open(File.Exists(single) ? single : single + ".index.json");
        var adapted = BertCheckpoint.Adapt(
            new ModelCheckpoint(folder, File.ReadAllText(Path.Combine(folder, "config.json")), file.Tensors));
        var model = new BertModel(BertConfiguration.Parse(adapted.Configuration, folder));
        model.eval();
        var state = model.state_dict();
        Assert.Equal(state.Count, adapted.Tensors.Count);
        foreach (var source in adapted.Tensors)
        {
            source.Read(0, state[source.Name].bytes);
        }

        return model;
    }
}
