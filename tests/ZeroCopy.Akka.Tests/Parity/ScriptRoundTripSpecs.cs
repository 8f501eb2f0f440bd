using ZeroCopy.Errors;
using ZeroCopy.Product.Tests.Parity.Scripts;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class ScriptRoundTripSpecs : ParitySpec
{
    private const int Width = 8;

    public static TheoryData<string> Names => [.. ScriptFiles.Names];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task ScriptModelWrapper_should_give_a_script_in_training_back_in_eval(string name)
    {
        using var script = ScriptFiles.Load(name);
        script.train();

        var wrapper = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);
        var (first, second) = (wrapper.Load(), wrapper.Load());

        Assert.True(script.training);
        script.eval();
        AssertSameAnswer(script, first);
        AssertSameAnswer(script, second);
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task ScriptModelWrapper_should_store_the_whole_state(string name)
    {
        using var script = ScriptFiles.Load(name);

        var wrapper = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);

        var state = Host.Runtime.OpenState(wrapper.ModelReferences["model"]);
        var files = MappedFiles();
        Assert.All(ScriptFiles.State(script), pair => Elements.AssertSame(pair.Tensor, state[pair.Name]));
        Assert.All(state, pair => Assert.True(files.Hold(pair.Value), pair.Key));
        Assert.Equal(Elements.Address(state["first.weight"]), Elements.Address(state["tied.weight"]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ScriptModelWrapper_should_come_back_from_a_file(string name)
    {
        using var script = ScriptFiles.Load(name);
        script.eval();
        var wrapper = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);
        await System.IO.File.WriteAllBytesAsync(File("wrapper"), wrapper.Serialize());

        var read = ModelWrapper.Deserialize<nn.IModule<Tensor, Tensor>>(await System.IO.File.ReadAllBytesAsync(File("wrapper")), Open());

        Assert.Equal(wrapper.ModelReferences, read.ModelReferences);
        AssertSameAnswer(script, read.Load());
    }

    [Fact]
    public async Task ScriptModelWrapper_should_store_the_weights_once()
    {
        const int width = 512;
        using var script = ScriptFiles.Widened(width);
        var twoMatrices = 2L * width * width * sizeof(float);

        var wrapper = await ScriptModelWrapper.FromModelAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);

        Assert.InRange(wrapper.ModelReferences["model"].Bytes, twoMatrices, twoMatrices * 1.1);
        Assert.InRange(
            new DirectoryInfo(Store).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length),
            twoMatrices,
            twoMatrices * 1.1);
    }

    [Fact]
    public async Task ScriptModelWrapper_should_run_allowed_methods_as_tasks_and_name_others()
    {
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        using var input = ScriptFiles.Input(Width);
        using var expected = Answer(script, input);
        using var twice = expected * 2;

        var tasks = (nn.Module)await ScriptModelWrapper.ForTasksAsync<nn.IModule<Tensor, Tensor>>(
            script, methodNames: ["scale"], host: Host);
        var closed = (nn.Module)await ScriptModelWrapper.ForTasksAsync<nn.IModule<Tensor, Tensor>>(script, host: Host);

        foreach (var method in new[] { "forward", "__call__" })
        {
            using var answer = await tasks.InvokeAsync<Tensor>(method, [input]);
            Elements.AssertSame(expected, answer);
        }

        using var scaled = await tasks.InvokeAsync<Tensor>("scale", [input, 2.0]);
        Elements.AssertSame(twice, scaled);
        var refused = await Assert.ThrowsAsync<MethodNotAllowedException>(() => closed.InvokeAsync<Tensor>("scale", [input, 2.0]));
        Assert.Equal("scale", refused.Method);
    }

    [Fact]
    public async Task ScriptModelWrapper_should_leave_a_plain_module_to_its_process()
    {
        using var plain = nn.Linear(Width, Width);
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        var pipeline = new Mixed { Script = script, Plain = plain };
        using var input = ScriptFiles.Input(Width);
        using var expected = pipeline.Run(input);

        var wrapper = await ScriptModelWrapper.FromModelAsync(pipeline, WrapMode.Task, host: Host);
        var tasks = wrapper.Load();

        Assert.Equal(["Script"], wrapper.ModelReferences.Keys);
        Assert.IsType<TorchSharp.Modules.Linear>(tasks.Plain);
        using var answer = tasks.Run(input);
        Elements.AssertSame(expected, answer);
    }

    private static void AssertSameAnswer(nn.IModule<Tensor, Tensor> expected, nn.IModule<Tensor, Tensor> actual)
    {
        using var input = ScriptFiles.Input(Width);
        using var left = Answer(expected, input);
        using var right = Answer(actual, input);
        Elements.AssertSame(left, right);
    }

    public sealed class Mixed
    {
        public required nn.IModule<Tensor, Tensor> Script { get; init; }

        public required nn.Module<Tensor, Tensor> Plain { get; init; }

        public Tensor Run(Tensor input)
        {
            using var frozen = no_grad();
            using var states = Script.call(input);
            return Plain.call(states);
        }
    }
}
