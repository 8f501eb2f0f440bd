using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests;

/// <summary>Tensors with equal bytes are one block of the store; a write to one reaches no other that is not tied to it.</summary>
public sealed class EqualBytesSpecs : RuntimeSpec
{
    [Theory]
    [InlineData(8)]
    [InlineData(8192)]
    public async Task TorchRuntime_should_hold_equal_tensors_of_a_module_apart(int size)
    {
        using var module = new Twins(size);
        var handle = await Runtime.PutAsync(module);
        var instance = Runtime.Open<Twins>(handle).Materialise();

        Fill(instance.First, 7);

        Assert.Equal(0, Sum(instance.Second));
        Assert.Equal(0, Sum(instance.Running));
        ModuleDisposal.Release(instance);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(8192)]
    public async Task TorchRuntime_should_hold_equal_tensors_of_two_models_apart(int size)
    {
        using var module = new Twins(size);
        using var other = Linear(size, 1);
        Fill(other.weight!, 0);
        var one = Runtime.Open<Twins>(await Runtime.PutAsync(module)).Materialise();
        var handle = await Runtime.PutAsync(other);
        var two = Runtime.Open<Linear>(handle).Materialise();

        Fill(one.First, 7);
        Fill(two.weight!, 8);

        Assert.Equal(0, Sum(one.Second));
        Assert.Equal(7 * size, Sum(one.First));
        var later = Runtime.Open<Twins>(await Runtime.PutAsync(new Twins(size))).Materialise();
        Assert.Equal(0, Sum(later.Second));
        ModuleDisposal.Release(one);
        ModuleDisposal.Release(two);
        ModuleDisposal.Release(later);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(8192)]
    public async Task TorchRuntime_should_hold_equal_tensors_apart_in_a_module_that_is_handed_over(int size)
    {
        using var module = new Twins(size);
        var handle = await Runtime.PutAsync(module, new PutModuleOptions { Rebind = true });
        var instance = Runtime.Open<Twins>(handle).Materialise();

        Fill(module.First, 7);

        Assert.Equal(0, Sum(module.Second));
        Assert.Equal(0, Sum(instance.First));
        ModuleDisposal.Release(instance);
    }

    [Fact]
    public async Task TorchRuntime_should_keep_tied_tensors_tied()
    {
        using var module = new TiedLinears();
        var handle = await Runtime.PutAsync(module);
        var instance = Runtime.Open<Module>(handle).Materialise();
        var state = ModuleState.Read(instance);

        using (torch.no_grad())
        {
            state[0].Tensor.fill_(7);
        }

        Assert.Contains(state.Skip(1), other => other.Tensor.eq(7).all().item<bool>());
        ModuleDisposal.Release(instance);
    }

    [Fact]
    public async Task OpenState_should_give_tensors_that_are_written_to_by_their_holder_alone()
    {
        using var module = new Twins(8);
        var handle = await Runtime.PutAsync(module);
        var instance = Runtime.Open<Twins>(handle).Materialise();
        var state = Runtime.OpenState(handle);
        var other = Runtime.OpenState(handle);

        Fill(state["first"], 7);

        Assert.Equal(0, Sum(state["second"]));
        Assert.Equal(0, Sum(other["first"]));
        Assert.Equal(0, Sum(instance.First));
        ModuleDisposal.Release(instance);
        foreach (var tensor in state.Values.Concat(other.Values))
        {
            tensor.Dispose();
        }
    }

    private static void Fill(torch.Tensor tensor, float value)
    {
        using var frozen = torch.no_grad();
        tensor.fill_(value);
    }

    private static float Sum(torch.Tensor tensor)
    {
        using var sum = tensor.sum();
        return sum.item<float>();
    }

    /// <summary>Two parameters and a buffer of equal zeros.</summary>
    private sealed class Twins : Module
    {
        public readonly Parameter First;
        public readonly Parameter Second;
        public readonly torch.Tensor Running;

        public Twins(int size)
            : base("Twins")
        {
            First = new Parameter(torch.zeros(size));
            Second = new Parameter(torch.zeros(size));
            Running = torch.zeros(size);
            register_parameter("first", First);
            register_parameter("second", Second);
            register_buffer("running", Running);
        }
    }
}
