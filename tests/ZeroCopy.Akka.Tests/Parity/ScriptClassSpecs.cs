using ZeroCopy.Errors;
using ZeroCopy.Product.Tests.Parity.Scripts;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Scripts under the types that libtorch's loader returns: they come back as scripts.</summary>
public sealed class ScriptClassSpecs : ParitySpec
{
    private readonly Tensor _input = ScriptFiles.Input(8);

    public static TheoryData<WrapMode, bool> Ways => new()
    {
        { WrapMode.Actor, false }, { WrapMode.Actor, true }, { WrapMode.Task, false }, { WrapMode.Task, true },
    };

    [SkippableTheory]
    [MemberData(nameof(Ways))]
    public async Task Script_should_come_back_as_the_class_that_its_loader_returns(WrapMode mode, bool elsewhere)
    {
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        using var expected = script.call(_input);

        var wrapper = await ScriptModelWrapper.FromModelAsync(script, mode, host: Host);
        using var loaded = Sent(wrapper, elsewhere).Load();

        using var called = loaded.call(_input);
        using var forwarded = loaded.forward(_input);
        using var scaled = loaded.invoke<Tensor>("scale", _input, 1.0);
        Assert.All([called, forwarded, scaled], answer => Elements.AssertSame(expected, answer));
        Assert.False(loaded.training);
        var files = MappedFiles();
        var attributes = loaded.named_attributes(true).Where(pair => pair.Item1 is not null)
            .ToDictionary(pair => pair.Item1, pair => pair.Item2);
        Assert.All(ScriptFiles.State(script), state => Assert.True(files.Hold(attributes[state.Name]), state.Name));
    }

    [Theory]
    [InlineData("scripted")]
    [InlineData("traced")]
    [InlineData("control_flow")]
    public async Task Script_should_come_back_with_its_state_dictionary(string name)
    {
        using var script = jit.load(ScriptFiles.Path(name));

        var wrapper = await ModelWrapper.FromModelAsync(script, host: Host);
        using var loaded = wrapper.Load();

        var (expected, actual) = (((nn.Module)script).state_dict(), ((nn.Module)loaded).state_dict());
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, state => Elements.AssertSame(state.Value, actual[state.Key]));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Script_of_two_inputs_should_come_back_as_the_class_that_its_loader_returns(WrapMode mode, bool elsewhere)
    {
        using var script = jit.load<Tensor, long, Tensor>(ScriptFiles.Path("control_flow"));
        using var input = rand(4);
        using var expected = script.call(input, 3);

        var wrapper = await ModelWrapper.FromModelAsync(script, mode, host: Host);
        using var answer = Sent(wrapper, elsewhere).Load().call(input, 3);

        Elements.AssertSame(expected, answer);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Script_without_types_should_come_back_as_one(WrapMode mode, bool elsewhere)
    {
        using var script = jit.load(ScriptFiles.Path("scripted"));
        script.eval();
        using var expected = (Tensor)script.call(_input);

        var wrapper = await ModelWrapper.FromModelAsync(script, mode, host: Host);
        using var answer = (Tensor)Sent(wrapper, elsewhere).Load().call(_input);

        Elements.AssertSame(expected, answer);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Pipeline_should_hold_scripts_of_every_class(WrapMode mode, bool elsewhere)
    {
        using var script = ScriptFiles.Load("scripted");
        using var untyped = jit.load(ScriptFiles.Path("traced"));
        script.eval();
        var pipeline = new Scripts { Typed = script, Untyped = untyped, Plain = untyped, General = script, Name = "scripts" };
        using var expected = pipeline.Run(_input);

        var wrapper = await ModelWrapper.FromModelAsync(pipeline, mode, host: Host);
        var loaded = Sent(wrapper, elsewhere).Load();

        using var answer = loaded.Run(_input);
        Elements.AssertSame(expected, answer);
        Assert.Same(loaded.Typed, loaded.General);
        Assert.Same(loaded.Untyped, loaded.Plain);
        Assert.Equal("scripts", loaded.Name);
    }

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task Pipeline_should_take_asynchronous_calls_of_its_script_in_task_mode_alone(WrapMode mode)
    {
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        using var expected = script.call(_input);

        var wrapper = await ModelWrapper.FromModelAsync(new Held { Script = script }, mode, host: Host);
        var held = Assert.IsAssignableFrom<nn.Module<Tensor, Tensor>>(wrapper.Load().Script);

        using var direct = held.call(_input);
        Elements.AssertSame(expected, direct);
        if (mode == WrapMode.Task)
        {
            using var answer = await held.CallAsync(_input);
            Elements.AssertSame(expected, answer);
        }
        else
        {
            await Assert.ThrowsAsync<ArgumentException>(() => held.CallAsync(_input, timeout: TimeSpan.FromSeconds(1)));
        }
    }

    [Fact]
    public async Task Script_in_task_mode_should_run_asynchronous_calls_as_tasks()
    {
        using var script = ScriptFiles.Load("scripted");
        using var pair = jit.load<Tensor, long, Tensor>(ScriptFiles.Path("control_flow"));
        script.eval();
        using var input = rand(4);
        using var expected = script.call(_input);
        using var expectedOfPair = pair.call(input, 3);
        using var alone = await ScriptModelWrapper.FromModelAsync(script, host: Host)
            .ContinueWith(wrapped => wrapped.Result.Load(), TaskScheduler.Default);

        var tasks = await ScriptModelWrapper.ForTasksAsync(script, methodNames: ["scale"], host: Host);
        var tasksOfPair = await ScriptModelWrapper.ForTasksAsync(pair, host: Host);

        using var answer = await tasks.CallAsync(_input);
        using var named = await tasks.InvokeAsync<Tensor>("scale", [_input, 1.0]);
        using var answerOfPair = await tasksOfPair.CallAsync(input, 3);
        Assert.All([answer, named], each => Elements.AssertSame(expected, each));
        Elements.AssertSame(expectedOfPair, answerOfPair);
        var late = await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(_input, timeout: TimeSpan.Zero));
        Assert.Equal(InferenceFailure.DeadlineExceeded, late.Failure);
        await Assert.ThrowsAsync<MethodNotAllowedException>(() => tasksOfPair.InvokeAsync<Tensor>("scale", [input]));
        await Assert.ThrowsAsync<ArgumentException>(() => alone.CallAsync(_input));
    }

    [Fact]
    public async Task Pool_should_hand_its_function_the_script()
    {
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        using var expected = script.call(_input);
        var wrapper = await ScriptModelWrapper.FromModelAsync(script, host: Host);

        await using var pool = await Host.StartPoolAsync(
            "script", wrapper, (jit.ScriptModule<Tensor, Tensor> own, Tensor batch) => own.call(batch));

        using var answer = await pool.AskAsync(_input);
        Elements.AssertSame(expected, answer);
    }

    [Fact]
    public async Task Loaded_scripts_should_outlive_their_wrapper_and_leave_nothing_behind()
    {
        using var script = ScriptFiles.Load("scripted");
        script.eval();
        using var expected = script.call(_input);
        var wrapper = await ScriptModelWrapper.FromModelAsync(script, host: Host);
        var loaded = wrapper.Load();

        wrapper.Unload();

        using (var answer = loaded.call(_input))
        {
            Elements.AssertSame(expected, answer);
        }

        ModelWrapper.Release(loaded);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(0, MappedFiles().Count);
    }

    [Fact]
    public async Task ScriptModelWrapper_should_refuse_a_plain_module_alone()
    {
        using var plain = nn.Linear(8, 8);

        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => ScriptModelWrapper.FromModelAsync<nn.Module<Tensor, Tensor>>(plain, host: Host));
        await Assert.ThrowsAsync<ArgumentException>(() => ScriptModelWrapper.ForTasksAsync<nn.Module<Tensor, Tensor>>(plain, host: Host));

        Assert.Contains("Linear", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ModelWrapper), error.Message, StringComparison.Ordinal);
        Assert.Empty(Host.Store.List());
    }

    private ModelWrapper<T> Sent<T>(ModelWrapper<T> wrapper, bool elsewhere)
        where T : class =>
        elsewhere ? ModelWrapper.Deserialize<T>(wrapper.Serialize(), Open()) : wrapper;

    public sealed class Held
    {
        public nn.IModule<Tensor, Tensor>? Script { get; set; }
    }

    /// <summary>Its constructor leaves every script out: a receiver has no file of them.</summary>
    public sealed class Scripts
    {
        public jit.ScriptModule<Tensor, Tensor>? Typed { get; set; }

        public jit.ScriptModule? Untyped { get; set; }

        public nn.Module? Plain { get; set; }

        public nn.IModule<Tensor, Tensor>? General { get; set; }

        public string? Name { get; set; }

        public Tensor Run(Tensor input)
        {
            using var frozen = no_grad();
            using var states = Typed!.call(input);
            using var more = General!.call(states);
            return (Tensor)Untyped!.call(more);
        }
    }
}
