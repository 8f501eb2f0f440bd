using TorchSharp.Modules;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>What <c>var wrapper = await ModelWrapper.FromModelAsync(model)</c> infers goes into everything that takes a wrapper.</summary>
public sealed class InferredTypeSpecs : HostSpec
{
    [Fact]
    public async Task Sequential_should_be_wrapped_as_the_module_that_callers_know()
    {
        using var model = Sequential(("in", Linear(8, 8)), ("act", ReLU()));
        using var expected = Call(model);

        ModelWrapper<Module<Tensor, Tensor>> wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        Module<Tensor, Tensor> tasks = await ModelWrapper.ForTasksAsync(model, host: Host);

        await AssertAnswersAsync(expected, wrapper, tasks);
    }

    [Fact]
    public async Task Linear_should_be_wrapped_as_the_module_that_callers_know()
    {
        using var model = Linear(8, 4);
        using var expected = Call(model);

        ModelWrapper<Module<Tensor, Tensor>> wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        Module<Tensor, Tensor> tasks = await ModelWrapper.ForTasksAsync(model, host: Host);

        await AssertAnswersAsync(expected, wrapper, tasks);
    }

    [Fact]
    public async Task Class_of_a_users_own_should_keep_its_type()
    {
        using var own = new Encoder();
        using var derived = new DerivedSequential(Linear(8, 8));
        using var expected = Call(own);

        ModelWrapper<Encoder> wrapper = await ModelWrapper.FromModelAsync(own, host: Host);
        ModelWrapper<DerivedSequential> derivedWrapper = await ModelWrapper.FromModelAsync(derived, host: Host);
        Encoder tasks = await ModelWrapper.ForTasksAsync(own, methodNames: [nameof(Encoder.Encode)], host: Host);
        await using var pool = await Host.StartPoolAsync("own", wrapper, (Encoder model, Tensor batch) => model.Encode(batch, 1).relu());

        Assert.IsType<DerivedSequential>(derivedWrapper.Load());
        Assert.True(Same(expected, tasks.call(Input)));
        Assert.True(Same(expected, await pool.AskAsync(Input).WaitAsync(Patience)));
    }

    [Fact]
    public async Task Pool_should_run_a_function_that_knows_the_model_by_a_base_class()
    {
        using var own = new Encoder();
        using var convolution = Conv1d(3, 2, 1);
        using var expected = Call(own);
        using var filtered = Call(convolution);
        var wrapper = await ModelWrapper.FromModelAsync(own, host: Host);
        var sealedWrapper = await ModelWrapper.FromModelAsync(convolution, host: Host);

        await using var pool = await Host.StartPoolAsync(
            "base", wrapper, (Module<Tensor, Tensor> model, Tensor batch) => model.call(batch));
        await using var other = await Host.StartPoolAsync(
            "sealed", sealedWrapper, (Module<Tensor, Tensor> model, Tensor batch) => model.call(batch));

        Assert.True(Same(expected, await pool.AskAsync(Input).WaitAsync(Patience)));
        Assert.True(Same(filtered, await other.AskAsync(Input).WaitAsync(Patience)));
    }

    [Fact]
    public async Task Tasks_of_a_sealed_class_should_say_which_type_to_name()
    {
        using var convolution = Conv1d(3, 2, 1);
        using var memory = LSTM(8, 4);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.ForTasksAsync(convolution, host: Host));
        var longer = await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.ForTasksAsync(memory, host: Host));
        var tasks = await ModelWrapper.ForTasksAsync<Module<Tensor, Tensor>>(convolution, host: Host);

        Assert.Contains("ForTasksAsync<Module<Tensor, Tensor>>(model)", error.Message, StringComparison.Ordinal);
        Assert.Contains("Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)>", longer.Message, StringComparison.Ordinal);
        using var expected = Call(convolution);
        Assert.True(Same(expected, tasks.call(Input)));
    }

    private async Task AssertAnswersAsync(Tensor expected, ModelWrapper<Module<Tensor, Tensor>> wrapper, Module<Tensor, Tensor> tasks)
    {
        await using var pool = await Host.StartPoolAsync(
            "inferred", wrapper, (Module<Tensor, Tensor> model, Tensor batch) => model.call(batch));
        Assert.True(Same(expected, await pool.AskAsync(Input).WaitAsync(Patience)));
        Assert.True(Same(expected, tasks.call(Input)));
        Assert.True(Same(expected, await tasks.CallAsync(Input).WaitAsync(Patience)));
    }

    private sealed class DerivedSequential(params Module<Tensor, Tensor>[] modules) : Sequential(modules);
}
