using TorchSharp;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Bench.Tests.Scripts;

public sealed class ScriptedBertSpecs
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
    public async Task ScriptedBert_should_answer_as_the_module_it_was_written_from()
    {
        using var directory = new TemporaryDirectory();
        using var module = new BertModel(Small);
        ScriptedBert.Write(directory.File("bert.pt"), module, Small);
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.File("store") });
        using var runtime = new TorchRuntime(store);
        var handle = await runtime.PutFileAsync(directory.File("bert.pt"));
        using var instance = await runtime.OpenAny(handle).RentAsync();
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var tokens = torch.arange(12, dtype: torch.int64).reshape(2, 6);
        var mask = torch.ones_like(tokens);
        mask[1, 5] = 0;

        var answer = instance.Run((script, _) => ((ScriptProgram)script).Forward(tokens, mask), null)!;
        var (states, pooled) = ((torch.Tensor, torch.Tensor))answer;

        var expected = module.forward(tokens, mask);
        Assert.True(states.allclose(expected["last_hidden_state"], atol: 1e-5));
        Assert.True(pooled.allclose(expected["pooler_output"], atol: 1e-5));
        Assert.Equal(module.named_parameters().Count(), store.ReadManifest(handle.Id).Tensors.Length);
    }
}
