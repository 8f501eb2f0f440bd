using TorchSharp.Modules;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class NativeWeightsSpecs : RuntimeSpec
{
    private static readonly Tensor Rows = arange(12).reshape(2, 6);

    public static readonly TheoryData<string> Names = [.. Cases.Keys];

    private static Dictionary<string, (Func<Tensor, Module> Create, Func<Module, Tensor> Run)> Cases => new()
    {
        ["embedding"] = (weight => Embedding_from_pretrained(weight), module => ((Embedding)module).forward(Rows)),
        ["trained embedding"] = (weight => Embedding_from_pretrained(weight, freeze: false), module => ((Embedding)module).forward(Rows)),
        ["bag"] = (weight => EmbeddingBag_from_pretrained(weight), module => ((EmbeddingBag)module).forward(Rows, null, null)),
        ["both inside"] = (weight => new Tables(weight), module => ((Tables)module).forward(Rows)),
        ["set later"] = (SetLater, module => ((Embedding)module).forward(Rows)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TorchRuntime_should_put_the_weights_that_a_native_layer_computes_with(string name)
    {
        using var weight = randn(20, 8);
        using var module = Cases[name].Create(weight);
        using var expected = Cases[name].Run(module);

        var handle = await Runtime.PutAsync(module);

        var opened = Runtime.Open<Module>(handle).Materialise();
        using var answer = Cases[name].Run(opened);
        using var after = Cases[name].Run(module);
        Assert.True(TensorEquality.Same(expected, after));
        Assert.True(TensorEquality.Same(expected, answer));
        ModuleDisposal.Release(opened);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TorchRuntime_should_bind_the_weights_that_a_native_layer_computes_with(string name)
    {
        using var weight = randn(20, 8);
        using var module = Cases[name].Create(weight);
        using var expected = Cases[name].Run(module);
        var handle = await Runtime.PutAsync(module);
        Runtime.Close(handle);

        var opened = Runtime.Open(handle, new OpenOptions<Module> { Factory = _ => Cases[name].Create(randn(20, 8)) }).Materialise();

        using var answer = Cases[name].Run(opened);
        Assert.True(TensorEquality.Same(expected, answer));
        ModuleDisposal.Release(opened);
    }

    [Fact]
    public void Wrapper_should_stay_the_same_where_it_is_held()
    {
        using var weight = randn(20, 8);
        using var module = Embedding_from_pretrained(weight);
        var held = module.parameters().Single();

        var state = Assert.Single(ModuleState.Read(module));

        Assert.Same(held, state.Tensor);
        Assert.Same(held, module.parameters().Single());
        Assert.Equal(TorchNative.Data(weight), TorchNative.Data(held));
        Assert.False(held.requires_grad);
    }

    [Fact]
    public async Task Binder_should_leave_no_memory_to_what_a_native_layer_does_not_compute_with()
    {
        using var weight = randn(20, 8);
        using var module = Embedding_from_pretrained(weight);
        await Runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        var (_, known) = Assert.Single(TorchInternals.NativeParameters(module));

        Assert.Equal(0, known.numel());
        Assert.Equal([20, 8], module.weight!.shape);
        known.Dispose();
    }

    private static Embedding SetLater(Tensor weight)
    {
        var layer = Embedding(20, 8);
        layer.weight = new Parameter(weight, requires_grad: false);
        return layer;
    }

    private sealed class Tables : Module<Tensor, Tensor>
    {
        private readonly Embedding _table;
        private readonly EmbeddingBag _bags;

        public Tables(Tensor weight)
            : base(nameof(Tables))
        {
            _table = Embedding_from_pretrained(weight);
            _bags = EmbeddingBag_from_pretrained(weight.neg());
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _table.forward(input).sum(1) + _bags.forward(input, null, null);
    }
}
