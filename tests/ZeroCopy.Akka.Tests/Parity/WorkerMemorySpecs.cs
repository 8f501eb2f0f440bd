using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Product.Tests.Parity.Scripts;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>What a worker process allocates around models of 28 MB.</summary>
public sealed class WorkerMemorySpecs : ParitySpec
{
    [SkippableFact]
    public async Task Tasks_should_run_eight_at_once_without_a_copy_of_the_model()
    {
        var model = ModelCases.Get("28 MB mlp");
        using var source = model.Make();
        var expected = $"ok {model.AnswerDigest(source)}";
        var wrapper = await ModelWrapper.FromModelAsync(source, WrapMode.Task, host: Host);
        var worker = await StartAsync();
        await worker.AskAsync($"load {Convert.ToBase64String(wrapper.Serialize())} {model}");
        Assert.Equal(expected, await worker.AskAsync("call"));
        var before = ProcessMemory.Of(worker.Id).Anonymous;

        Assert.Equal(expected, await worker.AskAsync("parallel 8"));

        var grown = ProcessMemory.Of(worker.Id).Anonymous - before;
        var bytes = wrapper.ModelReferences["model"].Bytes;
        Assert.True(grown < bytes, $"Eight tasks on a model of {bytes} bytes took {grown}.");
    }

    [SkippableFact]
    public async Task Script_should_be_loaded_without_copying_its_weights()
    {
        const int width = 1900;
        using var small = ScriptFiles.Load("scripted");
        using var large = ScriptFiles.Widened(width);
        large.eval();
        var warm = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(small, host: Host);
        var wrapper = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(large, host: Host);
        using var input = ScriptFiles.Input(width);
        using var answer = Answer(large, input);
        var worker = await StartAsync();
        await worker.AskAsync($"script 8 {Convert.ToBase64String(warm.Serialize())}");
        await worker.AskAsync("call");
        var before = ProcessMemory.Of(worker.Id).Anonymous;

        Assert.Equal("ok ", await worker.AskAsync($"script {width} {Convert.ToBase64String(wrapper.Serialize())}"));

        Assert.Equal($"ok {ModelCase.Digest(answer)}", await worker.AskAsync("call"));
        var grown = ProcessMemory.Of(worker.Id).Anonymous - before;
        var bytes = wrapper.ModelReferences["model"].Bytes;
        Assert.True(grown < bytes / 3, $"A script of {bytes} bytes took {grown}.");
    }
}
