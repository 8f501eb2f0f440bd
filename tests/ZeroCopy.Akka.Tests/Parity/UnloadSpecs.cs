using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Product.Tests.Parity.Scripts;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class UnloadSpecs : ParitySpec
{
    [SkippableFact]
    public async Task Unload_should_let_the_process_that_wrapped_a_model_remove_it()
    {
        foreach (var model in ModelCases.Names.Select(ModelCases.Get))
        {
            var wrapper = await ModelWrapper.FromModelAsync(model.Make(), WrapMode.Task, host: Host, name: new ModelName("removed"));
            var actors = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(wrapper.Serialize(), Host);
            var tasks = actors.Load();
            model.AnswerDigest(tasks);
            ModelWrapper.Release(tasks);

            wrapper.Unload();

            Host.Store.Remove(new ModelName("removed"));
            Assert.Empty(Host.Store.List());
            Assert.True(MappedFiles().IsEmpty, model.Name);
        }
    }

    [Fact]
    public async Task Unload_should_leave_loaded_objects_valid_and_the_model_in_the_store()
    {
        var model = ModelCases.Get("transformer");
        using var source = model.Make();
        source.eval();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host, name: new ModelName("kept"));
        var loaded = wrapper.Load();

        wrapper.Unload();

        var again = wrapper.Load(model.LoadOptions);
        Assert.Throws<ModelInUseException>(() => Host.Store.Remove(new ModelName("kept")));
        AssertSameAnswer(model, source, again);
        ModelWrapper.Release(again);
        wrapper.Unload();
        Host.Store.Remove(new ModelName("kept"));
        AssertSameAnswer(model, source, loaded);
        ModelWrapper.Release(loaded);
    }

    [Fact]
    public async Task Unload_should_leave_another_wrapper_of_the_same_model_alone()
    {
        using var script = ScriptFiles.Load("scripted");
        var first = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);
        var second = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);
        Assert.Equal(first.ModelReferences["model"].Id, second.ModelReferences["model"].Id);
        var loaded = second.Load();

        first.Unload();

        script.eval();
        using var input = ScriptFiles.Input(8);
        using var expected = Answer(script, input);
        using var answer = Answer(loaded, input);
        using var fresh = Answer(second.Load(), input);
        Elements.AssertSame(expected, answer);
        Elements.AssertSame(expected, fresh);
    }

    [Fact]
    public async Task Unload_should_make_room_for_the_next_version_of_a_model()
    {
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = File("small"), CapacityBytes = 45 << 20, PutDeadline = TimeSpan.Zero },
        });
        using var source = ModelCases.Get("28 MB mlp").Make();

        for (var version = 1; version <= 3; version++)
        {
            using (no_grad())
            {
                foreach (var parameter in source.parameters())
                {
                    parameter.add_(version);
                }
            }

            var wrapper = await ModelWrapper.FromModelAsync(source, host: host);
            wrapper.Unload();
        }

        Assert.Single(host.Store.List());
    }

    [SkippableFact]
    public async Task Unload_should_leave_nothing_of_models_that_are_wrapped_for_tasks_again_and_again()
    {
        using var source = ModelCases.Get("mlp").Make();
        using var input = ModelCases.Get("mlp").Input();
        await RoundAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;

        for (var round = 0; round < 50; round++)
        {
            await RoundAsync();
        }

        Assert.InRange(Tensor.TotalCount, 0, before);
        Assert.True(MappedFiles().IsEmpty);
        Assert.Equal(0, Host.Templates.Count);

        async Task RoundAsync()
        {
            var tasks = await ModelWrapper.ForTasksAsync(source, host: Host);
            (await tasks.CallAsync(input)).Dispose();
            ModelWrapper.Of(tasks).Unload();
            ModelWrapper.Release(tasks);
        }
    }

    [Fact]
    public async Task Runtime_should_open_a_model_anew_after_its_holder_disposed_it()
    {
        var model = ModelCases.Get("mlp");
        using var source = model.Make();
        source.eval();
        var handle = await Host.Runtime.PutAsync(source);
        Host.Runtime.Open<nn.Module<Tensor, Tensor>>(handle).Dispose();

        var loaded = Host.Runtime.Open<nn.Module<Tensor, Tensor>>(handle).Materialise();

        AssertSameAnswer(model, source, loaded);
        ModuleDisposal.Release(loaded);
    }
}
