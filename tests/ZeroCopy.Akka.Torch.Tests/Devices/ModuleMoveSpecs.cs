using TorchSharp;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Tests.Modules;
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

    [Fact]
    public void ModuleMove_should_let_a_class_move_what_it_holds_beside()
    {
        using var module = new Masked();

        ModuleMove.Move(module, torch.META);

        Assert.Equal(DeviceType.META, module.Mask.device_type);
        Assert.Equal(DeviceType.META, module.get_parameter("inner.weight")!.device_type);
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
