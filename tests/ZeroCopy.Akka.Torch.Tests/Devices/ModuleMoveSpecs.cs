using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using ZeroCopy.Torch.Tests.Script;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Devices;

/// <summary>META stands in for a device.</summary>
public sealed class ModuleMoveSpecs : RuntimeSpec
{
    [Theory]
    [InlineData("Sequential")]
    [InlineData("Conv2d and BatchNorm2d")]
    [InlineData("LSTM")]
    [InlineData("MultiheadAttention")]
    [InlineData("lists and dictionaries")]
    [InlineData("tied parameter")]
    [InlineData("tied linears")]
    [InlineData("permuted parameter")]
    [InlineData("buffers of every type")]
    [InlineData("closures and state")]
    public async Task ModuleMove_should_take_every_tensor_along(string name)
    {
        var one = ModuleCases.Get(name);
        using var module = one.Create(1);
        using var expected = one.Run(module);
        var handle = await Runtime.PutAsync(module);

        var moved = Runtime.Open(handle, new OpenOptions<Module> { Device = torch.META }).Materialise();
        var here = Runtime.Open<Module>(handle).Materialise();

        Assert.All(ModuleState.Read(moved), state => Assert.Equal(DeviceType.META, state.Tensor.device_type));
        using var answer = one.Run(here);
        Assert.True(TensorEquality.Same(expected, answer));
        ModuleDisposal.Release(moved);
        ModuleDisposal.Release(here);
    }

    [Fact]
    public void ModuleMove_should_keep_ties()
    {
        using var module = new TiedLinears();
        var (first, second) = (module.get_parameter("_a.weight"), module.get_parameter("_b.weight"));
        Assert.Same(first, second);

        ModuleMove.Move(module, torch.META);

        Assert.Same(first, module.get_parameter("_a.weight"));
        Assert.Same(first, module.get_parameter("_b.weight"));
        Assert.Equal(DeviceType.META, first!.device_type);
    }

    [Theory]
    [InlineData("tied embedding")]
    [InlineData("tied tables")]
    public void ModuleMove_should_take_weights_along_that_native_layers_got_from_outside(string name)
    {
        using var module = EveryCase.Get(name).Create(1);
        var wrappers = module.parameters().ToList();

        ModuleMove.Move(module, torch.META);

        AssertInUse(module);
        Assert.All(wrappers.Zip(module.parameters()), pair => Assert.Same(pair.First, pair.Second));
    }

    [Fact]
    public async Task ModuleMove_should_take_weights_along_that_a_factory_brought()
    {
        using var weight = torch.randn(20, 8);
        using var module = Embedding_from_pretrained(weight);
        var handle = await Runtime.PutAsync(module);
        Runtime.Close(handle);

        var moved = Runtime.Open(
            handle,
            new OpenOptions<Module>
            {
                Device = torch.META,
                Factory = build => Embedding_from_pretrained(build.Tensor("weight")),
            }).Materialise();

        AssertInUse(moved);
        ModuleDisposal.Release(moved);
    }

    [Fact]
    public void ModuleMove_should_refuse_a_module_with_a_script_inside_and_move_nothing()
    {
        var module = new WithScript();

        var error = Assert.Throws<DeviceUnavailableException>(() => ModuleMove.Move(module, torch.META));

        Assert.Contains("not on meta", error.Message, StringComparison.Ordinal);
        Assert.Contains("TorchScript", error.Message, StringComparison.Ordinal);
        Assert.All(ModuleState.Read(module), state => Assert.Equal(DeviceType.CPU, state.Tensor.device_type));
        ModuleDisposal.Release(module);
    }

    [Fact]
    public void ModuleMove_should_let_a_class_move_what_it_holds_beside()
    {
        using var module = new Masked();

        ModuleMove.Move(module, torch.META);

        Assert.Equal(DeviceType.META, module.Mask.device_type);
        Assert.Equal(DeviceType.META, module.get_parameter("inner.weight")!.device_type);
    }

    private static void AssertInUse(Module module)
    {
        var layers = TorchInternals.SelfAndDescendants(module).Where(TorchInternals.IsNative).ToList();
        Assert.NotEmpty(layers);
        Assert.All(layers, layer =>
        {
            using var inUse = layer is TorchSharp.Modules.Embedding table ? table.weight : ((TorchSharp.Modules.EmbeddingBag)layer).weight;
            Assert.Equal(DeviceType.META, inUse!.device_type);
        });
        Assert.All(ModuleState.Read(module), state => Assert.Equal(DeviceType.META, state.Tensor.device_type));
    }

    private sealed class WithScript : Module
    {
        public WithScript()
            : base(nameof(WithScript))
        {
            register_module("script", torch.jit.load(ScriptExample.Path("containers.pt")));
            register_module("layer", Linear(2, 2));
        }
    }

    private sealed class Masked : Module
    {
        public Masked()
            : base(nameof(Masked)) => register_module("inner", Linear(2, 2));

        public torch.Tensor Mask { get; private set; } = torch.ones(2);

        protected override void _toEpilog(torch.ScalarType? dtype, torch.Device? device, bool non_blocking)
        {
            base._toEpilog(dtype, device, non_blocking);
            Mask = Mask.to(device!);
        }
    }
}
