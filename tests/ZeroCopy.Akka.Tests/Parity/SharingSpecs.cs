using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class SharingSpecs : ParitySpec
{
    private readonly Tensor _input = linspace(-1, 1, 24).reshape(3, 8);

    [Fact]
    public async Task Weights_should_be_stored_once_and_come_back_tied_when_they_are_tied()
    {
        var model = ModelCases.Get("tied");
        using var source = model.Make();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);

        var here = wrapper.Load();
        var elsewhere = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(wrapper.Serialize(), Open()).Load(model.LoadOptions);

        Assert.Equal(((20 * 8) + (8 * 8) + 8 + 8) * sizeof(float), wrapper.ModelReferences["model"].Bytes);
        foreach (var loaded in new[] { here, elsewhere })
        {
            var state = loaded.state_dict();
            Assert.Equal(Elements.Address(state["_embedding.weight"]), Elements.Address(state["_decoder.weight"]));
            Assert.Equal(Elements.Address(state["_first.weight"]), Elements.Address(state["_second.weight"]));
        }
    }

    [Fact]
    public async Task Weights_should_be_stored_once_when_two_models_have_them_in_common()
    {
        using var model = new Mlp(2, 256, CPU);

        var first = await ModelWrapper.FromModelAsync(model, host: Host, name: new Manifests.ModelName("first"));
        await ModelWrapper.FromModelAsync(model, host: Host, name: new Manifests.ModelName("second"));

        Assert.Equal(first.ModelReferences["model"].Bytes, Host.Store.GetStatistics().LiveBytes);
    }

    [Fact]
    public async Task Buffers_should_come_back_and_stay_out_of_the_state_when_they_are_not_persistent()
    {
        using var source = new WithTransientBuffer(3);
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);

        var here = wrapper.Load();
        var elsewhere = ModelWrapper.Deserialize<WithTransientBuffer>(wrapper.Serialize(), Open())
            .Load(new LoadOptions<WithTransientBuffer> { Factory = () => new WithTransientBuffer(0) });

        Assert.DoesNotContain("factor", source.state_dict().Keys);
        foreach (var loaded in new[] { here, elsewhere })
        {
            Assert.Equal(source.state_dict().Keys, loaded.state_dict().Keys);
            using var expected = Answer(source, _input);
            using var answer = Answer(loaded, _input);
            Elements.AssertSame(expected, answer);
        }
    }

    [Fact]
    public async Task Model_should_not_change_when_the_original_is_trained_on()
    {
        foreach (var model in ModelCases.Names.Select(ModelCases.Get))
        {
            using var source = model.Make();
            source.eval();
            using var expected = model.Answer(source);
            var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);

            using (no_grad())
            {
                source.train();
                foreach (var parameter in source.parameters())
                {
                    parameter.add_(1);
                }
            }

            using var answer = model.Answer(wrapper.Load());
            Elements.AssertSame(expected, answer);
        }
    }

    [SkippableFact]
    public async Task Original_should_be_bound_to_the_store_when_it_is_handed_over()
    {
        foreach (var model in ModelCases.Names.Select(ModelCases.Get))
        {
            using var source = model.Make();
            source.eval();
            using var expected = model.Answer(source);

            await ModelWrapper.FromModelAsync(source, host: Host, handOver: true);

            var files = MappedFiles();
            Assert.All(source.state_dict(), tensor => Assert.True(files.Hold(tensor.Value), $"{model}: {tensor.Key}"));
            using var answer = model.Answer(source);
            Elements.AssertSame(expected, answer);
        }
    }

    [Fact]
    public async Task Tasks_should_each_run_on_a_model_as_freshly_loaded()
    {
        using var source = new Counting();
        var tasks = await ModelWrapper.ForTasksAsync<nn.Module<Tensor, Tensor>>(source, host: Host);

        for (var call = 0; call < 3; call++)
        {
            using var counts = tasks.call(_input);
            Assert.Equal([1f, 1], counts.data<float>().ToArray());
        }
    }

    [Fact]
    public async Task Tensors_of_a_pipeline_should_be_its_own_in_each_copy()
    {
        var pipeline = new WithTable();
        var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: Host);
        var (first, second) = (wrapper.Load(), wrapper.Load());

        first.Table.fill_(5);

        Assert.Equal(5, first.Table.mean().item<float>());
        Assert.Equal(1, second.Table.mean().item<float>());
        Assert.Equal(1, wrapper.Load().Table.mean().item<float>());
        Assert.Equal(1, pipeline.Table.mean().item<float>());
    }

    [Fact]
    public async Task Buffers_should_be_an_instances_own()
    {
        using var source = new WithTransientBuffer(3);
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);
        var (first, second) = (wrapper.Load(), wrapper.Load());

        first.get_buffer("factor")!.fill_(5);

        using var expected = Answer(source, _input);
        using var changed = Answer(first, _input);
        using var answer = Answer(second, _input);
        Elements.AssertSame(expected, answer);
        Assert.False(expected.bytes.SequenceEqual(changed.bytes));
    }

    [Fact]
    public async Task Write_should_not_reach_another_instance_when_each_maps_the_model_for_itself()
    {
        var host = Open(new ZeroCopyHostOptions { Torch = new TorchRuntimeOptions { Isolation = InstanceIsolation.Mappings } });
        foreach (var model in ModelCases.Names.Where(name => name != "no parameters").Select(ModelCases.Get))
        {
            using var source = model.Make();
            source.eval();
            using var expected = model.Answer(source);
            var wrapper = await ModelWrapper.FromModelAsync(source, host: host);
            var (first, second) = (wrapper.Load(), wrapper.Load());

            using (no_grad())
            {
                foreach (var parameter in first.parameters())
                {
                    parameter.add_(1);
                }
            }

            using var changed = model.Answer(first);
            using var answer = model.Answer(second);
            using var fresh = model.Answer(wrapper.Load());
            Elements.AssertSame(expected, answer);
            Elements.AssertSame(expected, fresh);
            Assert.False(expected.bytes.SequenceEqual(changed.bytes), model.Name);
        }
    }

    /// <summary>Counts its calls in a buffer and in a field; answers [2] with the counts.</summary>
    private sealed class Counting : nn.Module<Tensor, Tensor>
    {
        private int _calls;

        public Counting()
            : base(nameof(Counting))
        {
            register_buffer("calls", zeros(1));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => cat([get_buffer("calls")!.add_(1), tensor(new[] { (float)++_calls })]);
    }

    private sealed class WithTable
    {
        public nn.Module<Tensor, Tensor> Layer { get; } = nn.Linear(8, 8);

        public Tensor Table { get; } = ones(4);
    }

    private sealed class WithTransientBuffer : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer = nn.Linear(8, 4);

        public WithTransientBuffer(float factor)
            : base(nameof(WithTransientBuffer))
        {
            register_buffer("factor", tensor(factor), persistent: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _layer.forward(input) * get_buffer("factor")!;
    }
}
