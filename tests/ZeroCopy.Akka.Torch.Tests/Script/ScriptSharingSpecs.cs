using System.Text;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>An instance of a script answers as a fresh load of its file does, whatever others were called with.</summary>
public sealed class ScriptSharingSpecs : RuntimeSpec
{
    private readonly torch.Tensor _input = torch.tensor([1f, 2f]);

    public static TheoryData<string> Writing => [.. StateKinds.Writing.Keys];

    public static TheoryData<string> Reading => [.. StateKinds.Reading.Keys];

    /// <summary>Layers that write nothing when they evaluate.</summary>
    public static TheoryData<string> Layers => new(
        "layer_softmax", "layer_embedding_bag", "layer_lstm", "layer_transformer", "layer_batch_norm", "layer_instance_norm",
        "layer_quantized", "attention", "convolution", "recurrent", "quantized", "custom_class", "optionals");

    public override void Dispose()
    {
        _input.Dispose();
        base.Dispose();
    }

    [Theory]
    [MemberData(nameof(Writing))]
    public async Task Script_should_answer_as_a_fresh_load_does_when_it_writes_to(string kind)
    {
        var (handle, source) = await OpenAsync(StateKinds.Writing[kind]);
        var expected = Fresh(calls: 3);

        using var a = await source.RentAsync();
        Assert.Equal(expected[0], Answer(a));
        using var b = await source.RentAsync();
        Assert.Equal(expected[1], Answer(a));
        Assert.Equal(expected[0], Answer(b));
        Assert.Equal(expected[2], Answer(a));
        b.Dispose();
        using var c = await source.RentAsync();
        Assert.Equal(expected[0], Answer(c));
        Assert.NotEqual(expected[0], expected[1]);
        Assert.StartsWith("isolated: ", Store.ReadManifest(handle.Id).Metadata["script.sharing"], StringComparison.Ordinal);
        Assert.Equal("true", Store.ReadManifest(handle.Id).Metadata["script.stateful"]);
    }

    [Theory]
    [MemberData(nameof(Reading))]
    public async Task Script_should_be_shared_when_it_writes_nothing(string kind)
    {
        var (handle, source) = await OpenAsync(StateKinds.Reading[kind]);
        var expected = Fresh(calls: 2);

        using var a = await source.RentAsync();
        using var b = await source.RentAsync();

        Assert.Same(a.Target, b.Target);
        Assert.Equal(expected[0], Answer(a));
        Assert.Equal(expected[1], Answer(b));
        Assert.StartsWith("shared: ", Store.ReadManifest(handle.Id).Metadata["script.sharing"], StringComparison.Ordinal);
        Assert.Equal("false", Store.ReadManifest(handle.Id).Metadata["script.stateful"]);
        Assert.Equal("", Store.ReadManifest(handle.Id).Metadata["script.copied"]);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Script_should_be_shared_when_its_layers_only_evaluate(string name)
    {
        var handle = await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt"));
        using var a = await Runtime.OpenAny(handle).RentAsync();
        using var b = await Runtime.OpenAny(handle).RentAsync();

        Assert.StartsWith("shared: ", Store.ReadManifest(handle.Id).Metadata["script.sharing"], StringComparison.Ordinal);
        Assert.Same(a.Target, b.Target);
    }

    [Fact]
    public async Task Script_should_leave_equal_tensors_of_other_models_alone()
    {
        var (_, writing) = await OpenAsync(StateKinds.Writing["parameter"]);
        var (_, reading) = await OpenAsync(StateKinds.Reading["arithmetic"]);
        using var live = new TorchSharp.Modules.Parameter(torch.zeros(2));
        using var module = new Live(live);
        var instance = Runtime.Open<Live>(await Runtime.PutAsync(module)).Materialise();
        using var writer = await writing.RentAsync();
        using var reader = await reading.RentAsync();
        var before = Answer(reader);

        Answer(writer);
        using (torch.no_grad())
        {
            instance.Weight.fill_(7);
        }

        Assert.Equal(before, Answer(reader));
        using var another = await writing.RentAsync();
        Assert.Equal([1f, 2, 0, 0, 1, 2], Answer(another)[..6]);
        var later = Runtime.Open<Live>(await Runtime.PutAsync(module)).Materialise();
        Assert.Equal([0f, 0], later.Weight.data<float>().ToArray());
        ModuleDisposal.Release(instance);
        ModuleDisposal.Release(later);
    }

    [Fact]
    public async Task Script_should_keep_equal_tensors_apart_for_an_owner_who_writes_to_one()
    {
        var source = (ScriptModel)Runtime.OpenAny(await Runtime.PutFileAsync(ScriptExample.Path("layer_transformer.pt")));
        using var shared = await source.RentAsync();
        var script = source.Materialise(typeof(torch.jit.ScriptModule));
        var twins = script.named_parameters().GroupBy(item => Convert.ToHexString(item.parameter.bytes.ToArray()))
            .First(equal => equal.Count() > 1).Select(item => item.parameter).ToList();
        using var before = twins[1].clone();

        using (torch.no_grad())
        {
            twins[0].fill_(7);
        }

        Assert.True(TensorEquality.Same(before, twins[1]));
        ModuleDisposal.Release(script);
    }

    [Fact]
    public async Task Script_should_keep_what_it_lends_to_itself_when_it_is_shared()
    {
        var source = Runtime.OpenAny(await Runtime.PutFileAsync(ScriptExample.Path("state_lending.pt")));
        using var scope = torch.NewDisposeScope();
        using var a = await source.RentAsync();
        using var b = await source.RentAsync();

        ((torch.Tensor)Call(a, "forward")!).fill_(7);
        var (table, _) = ((torch.Tensor, torch.Tensor))Call(a, "pair")!;
        table.fill_(7);
        ((torch.Tensor[])Call(a, "all")!)[0].fill_(7);

        Assert.Same(a.Target, b.Target);
        Assert.All(((torch.Tensor[])Call(b, "all")!)[0].data<float>().ToArray(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("tensor and number", "return (self.table, 3)")]
    [InlineData("listed", "l = [self.table]\n    return l")]
    [InlineData("list of several kinds", "return annotate(List[Any], [self.table, 3])")]
    [InlineData("four", "return (self.table, self.table, self.table, self.table)")]
    [InlineData("pair in a pair", "return ((self.table, self.table), 1)")]
    [InlineData("alone", "return self.table")]
    public async Task Script_should_keep_what_it_lends_to_itself_when_it_may_answer_anything(string what, string statement)
    {
        var file = new ScriptFile(ScriptExample.Path("state_lending.pt"));
        var code = Encoding.UTF8.GetString(file.Read("code/__torch__.py"));
        code = code.Replace(
            "x: Tensor) -> Tensor:\n    table = self.table\n    return torch.select(table, 0, 1)",
            $"x: Tensor) -> Any:\n    {statement}", StringComparison.Ordinal);
        file.Write("code/__torch__.py", Encoding.UTF8.GetBytes(code));
        file.Save(File("lending.pt"));
        var source = Runtime.OpenAny(await Runtime.PutFileAsync(File("lending.pt")));
        using var scope = torch.NewDisposeScope();
        using var a = await source.RentAsync();
        using var b = await source.RentAsync();

        Answers.ForEach(Call(a, "forward"), answered => ((torch.Tensor)answered).fill_(7));

        var tables = 0;
        Answers.ForEach(
            Call(b, "forward"),
            answered =>
            {
                tables++;
                Assert.True(((torch.Tensor)answered).data<float>().ToArray().All(value => value == 0), what);
            });
        Assert.NotEqual(0, tables);
        Assert.Same(a.Target, b.Target);
    }

    [Fact]
    public async Task Script_should_answer_as_a_fresh_load_does_when_it_writes_to_a_default()
    {
        const string Forward = $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                k: List[int]=[1, 2]) -> Any:
                _0 = torch.append(k, 3)
                return torch.add(x, torch.len(k))
            """;
        ScriptText.Save(File("default.pt"), Forward.ReplaceLineEndings("\n"));
        var source = Runtime.OpenAny(await Runtime.PutFileAsync(File("default.pt")));
        using var a = await source.RentAsync();
        using var b = await source.RentAsync();

        Answer(a);
        Answer(a);

        Assert.Equal([4f, 5], Answer(b));
    }

    [Fact]
    public async Task Script_should_have_a_module_for_each_instance_where_each_maps_the_model()
    {
        using var runtime = new TorchRuntime(Store, options: new TorchRuntimeOptions { Isolation = InstanceIsolation.Mappings });
        StateKinds.Write(File("state.pt"), StateKinds.Reading["arithmetic"]);
        var source = runtime.OpenAny(await runtime.PutFileAsync(File("state.pt")));
        var a = await source.RentAsync();
        using var b = await source.RentAsync();
        var (first, second) = ((ScriptProgram)a.Target, (ScriptProgram)b.Target);
        using (torch.no_grad())
        {
            Weight(first).fill_(7);
        }

        Assert.NotSame(first, second);
        Assert.Equal([0f, 0], Weight(second).data<float>().ToArray());
        a.Dispose();
        // What writes nothing is as new when it is given back.
        using var again = await source.RentAsync();
        Assert.Same(first, again.Target);
    }

    [Fact]
    public async Task Script_should_hold_its_equal_tensors_apart_where_it_may_write()
    {
        var (_, source) = await OpenAsync(StateKinds.Writing["number"]);
        using var a = await source.RentAsync();
        var tensors = ((Module)((ScriptProgram)a.Target).Module).named_parameters()
            .ToDictionary(named => named.name, named => TorchNative.Data(named.parameter));

        Assert.NotEqual(tensors["a"], tensors["b"]);
    }

    private static TorchSharp.Modules.Parameter Weight(ScriptProgram program) =>
        ((Module)program.Module).named_parameters().First(named => named.name == "a").parameter;

    private object? Call(IModelInstance instance, string method) =>
        instance.Run((target, _) => ((ScriptProgram)target).Invoke(method, _input), null);

    private async Task<(ModelHandle Handle, IInstanceSource Source)> OpenAsync(string statements)
    {
        StateKinds.Write(File("state.pt"), statements);
        var handle = await Runtime.PutFileAsync(File("state.pt"));
        return (handle, Runtime.OpenAny(handle));
    }

    // What libtorch answers when it loads the file itself.
    private List<float[]> Fresh(int calls)
    {
        using var frozen = torch.no_grad();
        var module = torch.jit.load<torch.Tensor, torch.Tensor>(File("state.pt"));
        module.eval();
        var answers = new List<float[]>();
        for (var call = 0; call < calls; call++)
        {
            using var answer = module.forward(_input);
            answers.Add(answer.data<float>().ToArray());
        }

        ModuleDisposal.Release(module);
        return answers;
    }

    private float[] Answer(IModelInstance instance)
    {
        using var answer = (torch.Tensor)Call(instance, "forward")!;
        return answer.data<float>().ToArray();
    }

    private sealed class Live : Module
    {
        public readonly TorchSharp.Modules.Parameter Weight;

        public Live(TorchSharp.Modules.Parameter weight)
            : base("Live")
        {
            Weight = weight;
            register_parameter("weight", Weight);
        }
    }
}
