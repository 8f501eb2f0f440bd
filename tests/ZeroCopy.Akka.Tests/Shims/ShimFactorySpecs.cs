using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Shims;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Shims;

public sealed class ShimFactorySpecs
{
    [Fact]
    public void ShimFactory_should_stand_for_a_sealed_module_when_the_place_is_declared_generally()
    {
        using var model = nn.Linear(8, 4);
        var calls = new DirectCalls(model);
        using var input = randn(3, 8);

        var shim = (nn.Module<Tensor, Tensor>)Create(calls, typeof(Linear), typeof(nn.Module<Tensor, Tensor>));

        Assert.True(allclose(model.call(input), shim.call(input)));
        Assert.Equal(1, calls.Count);
    }

    [Fact]
    public void ShimFactory_should_stand_inside_a_sequential()
    {
        using var model = nn.Linear(8, 4);
        using var input = randn(3, 8);
        var shim = (nn.Module<Tensor, Tensor>)Create(new DirectCalls(model), typeof(Linear), typeof(nn.Module<Tensor, Tensor>));

        using var sequence = nn.Sequential(shim, nn.ReLU());

        Assert.True(allclose(model.call(input).relu(), sequence.call(input)));
    }

    [Fact]
    public void ShimFactory_should_subclass_the_users_class_without_running_its_constructor()
    {
        using var model = new Encoder();
        using var input = randn(3, 8);

        var shim = (Encoder)Create(new DirectCalls(model), typeof(Encoder), typeof(Encoder), nameof(Encoder.Encode));

        Assert.Empty(shim.parameters());
        Assert.True(allclose(model.call(input), shim.call(input)));
        Assert.True(allclose(model.Encode(input, 2), shim.Encode(input, 2)));
        Assert.True(allclose(model.Encode(input, null), shim.Encode(input, null)));
    }

    [Fact]
    public void ShimFactory_should_subclass_a_torch_class_that_overrides_much_of_a_module()
    {
        using var model = nn.Sequential(nn.Linear(8, 4), nn.ReLU());
        using var input = randn(3, 8);

        var shim = (Sequential)Create(new DirectCalls(model), typeof(Sequential), typeof(Sequential));

        Assert.True(allclose(model.call(input), shim.call(input)));
        Assert.Empty(shim.parameters());
        Assert.Empty(shim.state_dict());
        shim.eval();
        shim.Dispose();
    }

    [Fact]
    public void ShimFactory_should_take_four_inputs_and_null()
    {
        using var model = new FourInputs();
        using var input = randn(2);

        var shim = (nn.Module<Tensor, Tensor?, int, double, Tensor>)Create(
            new DirectCalls(model), typeof(FourInputs), typeof(nn.Module<Tensor, Tensor?, int, double, Tensor>));

        Assert.True(allclose(model.call(input, null, 2, 0.5), shim.call(input, null, 2, 0.5)));
    }

    [Fact]
    public void ShimFactory_should_refuse_a_method_that_was_not_requested()
    {
        using var model = new Encoder();
        using var input = randn(3, 8);
        var shim = (Encoder)Create(new DirectCalls(model), typeof(Encoder), typeof(Encoder));

        var error = Assert.Throws<MethodNotAllowedException>(() => shim.Encode(input, 1));

        Assert.Equal(nameof(Encoder.Encode), error.Method);
        Assert.Contains("forward", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Secret")]
    [InlineData("NoSuchMethod")]
    public async Task ShimFactory_should_refuse_private_and_unknown_methods_by_name(string method)
    {
        using var model = new Encoder();
        using var input = randn(3, 8);
        var shim = Create(new DirectCalls(model), typeof(Encoder), typeof(Encoder), method);

        var error = await Assert.ThrowsAsync<MethodNotAllowedException>(() => shim.InvokeAsync<Tensor>(method, [input]));

        Assert.Equal(method, error.Method);
    }

    [Fact]
    public async Task ShimFactory_should_call_asynchronously_by_any_name_of_the_call()
    {
        using var model = new Encoder();
        using var input = randn(3, 8);
        var shim = (nn.Module<Tensor, Tensor>)Create(new DirectCalls(model), typeof(Encoder), typeof(nn.Module));

        Assert.True(allclose(model.call(input), await shim.CallAsync(input)));
        Assert.True(allclose(model.call(input), await shim.InvokeAsync<Tensor>("__call__", [input])));
    }

    [Fact]
    public void ShimFactory_should_name_the_member_and_the_fix_when_its_class_is_sealed()
    {
        using var model = nn.Linear(8, 4);
        var target = new ShimTarget("Head", new DirectCalls(model), []);

        var error = Assert.Throws<ArgumentException>(() => ShimFactory.Create(target, typeof(Linear), [("Head", typeof(Linear))]));

        Assert.Contains("'Head'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Module<Tensor, Tensor>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShimFactory_should_be_the_only_source_of_asynchronous_calls()
    {
        using var model = new Encoder();
        using var input = randn(3, 8);

        await Assert.ThrowsAsync<ArgumentException>(() => model.CallAsync(input));
    }

    [Fact]
    public void ShimFactory_should_subclass_a_private_nested_class()
    {
        using var model = new Deeper();
        using var input = randn(3, 8);

        var shim = (Nested)Create(new DirectCalls(model), typeof(Deeper), typeof(Nested));

        Assert.True(allclose(model.call(input), shim.call(input)));
    }

    private static nn.Module Create(DirectCalls calls, Type moduleType, Type declared, params string[] methods) =>
        ShimFactory.Create(new ShimTarget("", calls, methods), moduleType, [("", declared)]);

    private class Nested : Encoder;

    private sealed class Deeper : Nested;

    private sealed class FourInputs() : nn.Module<Tensor, Tensor?, int, double, Tensor>(nameof(FourInputs))
    {
        public override Tensor forward(Tensor first, Tensor? second, int count, double factor) =>
            (second is null ? first : first + second) * count * factor;
    }
}
