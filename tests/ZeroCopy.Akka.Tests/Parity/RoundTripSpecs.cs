using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class RoundTripSpecs : ParitySpec
{
    public static TheoryData<string> Names => [.. ModelCases.Names];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task ModelWrapper_should_give_a_model_in_training_back_in_eval_around_the_stored_weights(string name)
    {
        var model = ModelCases.Get(name);
        var source = model.Make();
        source.train();

        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);
        var loaded = wrapper.Load();

        Assert.True(source.training);
        Assert.All(loaded.modules(), module => Assert.False(module.training));
        AssertBack(model, source, loaded);
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task ModelWrapper_should_load_twice_around_the_same_weights(string name)
    {
        var model = ModelCases.Get(name);
        var source = model.Make();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);

        var (first, second) = (wrapper.Load(), wrapper.Load());

        Assert.NotSame(first, second);
        Assert.Equal(first.parameters().Select(Elements.Address), second.parameters().Select(Elements.Address));
        ModuleDisposal.Release(first);
        AssertBack(model, source, second);
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task ModelWrapper_should_come_back_from_a_file(string name)
    {
        var model = ModelCases.Get(name);
        var source = model.Make();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);
        await System.IO.File.WriteAllBytesAsync(File("wrapper"), wrapper.Serialize());

        var read = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(await System.IO.File.ReadAllBytesAsync(File("wrapper")), Open());
        var loaded = read.Load(model.LoadOptions);

        Assert.Equal(wrapper.ModelReferences, read.ModelReferences);
        Assert.All(loaded.modules(), module => Assert.False(module.training));
        AssertBack(model, source, loaded);
    }

    private void AssertBack(ModelCase model, nn.Module<Tensor, Tensor> source, nn.Module<Tensor, Tensor> loaded)
    {
        source.eval();
        AssertSameAnswer(model, source, loaded);
        Elements.AssertSameState(source, loaded);
        var files = MappedFiles();
        Assert.All(loaded.named_parameters(), tensor => Assert.True(files.Hold(tensor.parameter), tensor.name));
        Assert.All(source.state_dict(), tensor => Assert.False(files.Hold(tensor.Value), tensor.Key));
        ModuleDisposal.Release(loaded);
    }
}
