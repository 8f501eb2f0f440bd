using System.Runtime.CompilerServices;
using ZeroCopy.Errors;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class PipelineSpecs : ParitySpec
{
    private static readonly string[] Places =
        ["Closure().hidden", "Heads[\"digits\"]", "Nested.Inner", "Pair.Item2", "Stages[0]", "Stages[1]", "_private"];

    private readonly Tensor _input = linspace(-1, 1, 24).reshape(3, 8);

    [SkippableFact]
    public async Task Pipeline_should_share_every_module_wherever_it_is_held()
    {
        var pipeline = new Everything();
        using var expected = pipeline.Run(_input);

        var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: Host);
        var loaded = wrapper.Load();

        Assert.Equal(Places, wrapper.ModelReferences.Keys.Order(StringComparer.Ordinal));
        using var answer = loaded.Run(_input);
        Elements.AssertSame(expected, answer);
        var files = MappedFiles();
        Assert.All(loaded.Modules.SelectMany(module => module.parameters()), parameter => Assert.True(files.Hold(parameter)));
        Assert.All(pipeline.Modules.SelectMany(module => module.parameters()), parameter => Assert.False(files.Hold(parameter)));
    }

    [Fact]
    public async Task Pipeline_should_run_every_module_as_a_task()
    {
        var pipeline = new Everything();
        using var expected = pipeline.Run(_input);

        var tasks = await ModelWrapper.ForTasksAsync(pipeline, host: Host);

        Assert.All(tasks.Modules, module => Assert.Empty(module.parameters()));
        using var answer = tasks.Run(_input);
        Elements.AssertSame(expected, answer);
    }

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task Pipeline_should_take_the_name_of_a_method_that_it_alone_has(WrapMode mode)
    {
        var pipeline = new Everything();
        using var expected = pipeline.Run(_input);

        var wrapper = await ModelWrapper.FromModelAsync(pipeline, mode, methodNames: [nameof(Everything.Run)], host: Host);

        Assert.Equal([nameof(Everything.Run)], wrapper.MethodNames);
        using var answer = wrapper.Load().Run(_input);
        Elements.AssertSame(expected, answer);
    }

    [Fact]
    public async Task Pipeline_should_name_a_method_that_neither_it_nor_a_module_has()
    {
        var error = await Assert.ThrowsAsync<MethodNotAllowedException>(
            () => ModelWrapper.FromModelAsync(new Everything(), WrapMode.Task, methodNames: [nameof(Everything.Run), "Walk"], host: Host));

        Assert.Equal("Walk", error.Method);
        Assert.Empty(Host.Store.List());
    }

    [SkippableFact]
    public async Task Pipeline_should_share_tensors_that_it_holds_as_plain_attributes()
    {
        var pipeline = new WithTensors();

        var loaded = (await ModelWrapper.FromModelAsync(pipeline, host: Host)).Load();

        var files = MappedFiles();
        foreach (var (mine, theirs) in pipeline.All.Zip(loaded.All, (mine, theirs) => (mine, theirs)))
        {
            Elements.AssertSame(mine, theirs);
            Assert.True(files.Hold(theirs));
            Assert.False(files.Hold(mine));
        }
    }

    [Fact]
    public async Task Pipeline_should_come_back_from_its_bytes_with_modules_tensors_and_values()
    {
        var pipeline = new WithTensors { Model = new Encoder(8, 8), Name = "digits", Settings = new Settings("de", 2, [0.5]) };
        var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: Host);

        var read = ModelWrapper.Deserialize<WithTensors>(wrapper.Serialize(), Open());
        var loaded = read.Load(new LoadOptions<WithTensors> { Factory = () => new WithTensors() });

        Assert.Equal(("digits", "de", 2), (loaded.Name, loaded.Settings.Language, loaded.Settings.Depth));
        Assert.All(pipeline.All.Zip(loaded.All), pair => Elements.AssertSame(pair.First, pair.Second));
        using var expected = Answer(pipeline.Model, _input);
        using var answer = Answer(loaded.Model, _input);
        Elements.AssertSame(expected, answer);
    }

    [SkippableFact]
    public async Task Pipeline_should_run_only_the_named_attributes_as_tasks()
    {
        var pipeline = new Two { First = new Encoder(8, 8), Second = new Encoder(8, 8) };
        using var expected = pipeline.Run(_input);

        var wrapper = await ModelWrapper.FromModelAsync(pipeline, WrapMode.Task, modelAttributeNames: ["First"], host: Host);
        var tasks = wrapper.Load();

        Assert.Equal(["First"], wrapper.ModelReferences.Keys);
        using var asTask = await tasks.First.CallAsync(_input);
        await Assert.ThrowsAsync<ArgumentException>(() => tasks.Second.CallAsync(_input));
        var files = MappedFiles();
        Assert.All(tasks.Second.parameters(), parameter => Assert.True(files.Hold(parameter)));
        using var answer = tasks.Run(_input);
        Elements.AssertSame(expected, answer);
    }

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task Pipeline_should_come_back_with_its_attributes_when_it_holds_no_model(WrapMode mode)
    {
        var pipeline = new Plain("digits", [1, 2], new Settings("de", 2, [0.5]));

        var wrapper = await ModelWrapper.FromModelAsync(pipeline, mode, host: Host);
        var loaded = wrapper.Load();

        Assert.Empty(wrapper.ModelReferences);
        Assert.NotSame(pipeline, loaded);
        Assert.Equal((pipeline.Name, pipeline.Settings.Language), (loaded.Name, loaded.Settings.Language));
        Assert.Equal(pipeline.Labels, loaded.Labels);
    }

    [Fact]
    public async Task Pipeline_should_give_one_module_back_in_both_places_that_held_it()
    {
        var shared = new Encoder(8, 8);

        var loaded = (await ModelWrapper.FromModelAsync(new Two { First = shared, Second = shared }, host: Host)).Load();

        Assert.Same(loaded.First, loaded.Second);
    }

    [Fact]
    public void Pipeline_should_not_be_retained()
    {
        var (wrapper, pipeline, module) = WrapAndForget();

        for (var i = 0; i < 10 && (pipeline.IsAlive || module.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(pipeline.IsAlive, "The pipeline is held.");
        Assert.False(module.IsAlive, "Its module is held.");
        using var answer = wrapper.Load().Run(_input);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ModelWrapper<Two> Wrapper, WeakReference Pipeline, WeakReference Module) WrapAndForget()
    {
        var pipeline = new Two { First = new Encoder(8, 8), Second = new Encoder(8, 8) };
        var wrapper = ModelWrapper.FromModelAsync(pipeline, host: Host).GetAwaiter().GetResult();
        return (wrapper, new WeakReference(pipeline), new WeakReference(pipeline.First));
    }

    private sealed class Everything
    {
        private readonly Encoder _private = new(8, 8);

        public Everything()
        {
            var hidden = new Encoder(8, 8);
            Closure = input => hidden.call(input);
        }

        public List<nn.Module<Tensor, Tensor>> Stages { get; } = [new Encoder(8, 8), nn.Linear(8, 8)];

        public Dictionary<string, Encoder> Heads { get; } = new() { ["digits"] = new Encoder(8, 8) };

        public Inside Nested { get; } = new();

        public (string, Encoder) Pair { get; } = ("name", new Encoder(8, 8));

        public Func<Tensor, Tensor> Closure { get; }

        public IEnumerable<nn.Module<Tensor, Tensor>> Modules => [.. Stages, Heads["digits"], Nested.Inner, Pair.Item2, _private];

        public Tensor Run(Tensor input)
        {
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            foreach (var stage in Modules)
            {
                input = stage.call(input);
            }

            return Closure(input).MoveToOuterDisposeScope();
        }
    }

    private sealed class Inside
    {
        public Encoder Inner { get; } = new(8, 8);
    }

    private sealed class WithTensors
    {
        private readonly Tensor _private = arange(6).reshape(2, 3);

        public Encoder Model { get; init; } = new(8, 8);

        public string Name { get; set; } = "";

        public Settings Settings { get; set; } = new("", 0, []);

        public Tensor Table { get; } = rand(4, 2);

        public List<Tensor> Rows { get; } = [rand(3), rand(2, 2, dtype: ScalarType.Float64)];

        public Dictionary<string, Tensor> Named { get; } = new() { ["mean"] = rand(5) };

        public IEnumerable<Tensor> All => [_private, Table, .. Rows, .. Named.Values];
    }

    private sealed class Two
    {
        public required nn.Module<Tensor, Tensor> First { get; init; }

        public required nn.Module<Tensor, Tensor> Second { get; init; }

        public Tensor Run(Tensor input)
        {
            using var frozen = no_grad();
            using var states = First.call(input);
            return Second.call(states);
        }
    }

    private sealed record Plain(string Name, int[] Labels, Settings Settings);
}
