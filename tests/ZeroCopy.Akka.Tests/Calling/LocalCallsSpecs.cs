using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Calling;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Runtime;
using ZeroCopy.Shims;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Calling;

public sealed class LocalCallsSpecs
{
    [Fact]
    public void LocalCalls_should_put_the_answer_into_the_callers_scope_and_give_the_instance_back()
    {
        using var model = new Encoder();
        var source = new OneInstance(model);
        var shim = Shim(source);
        using var input = randn(3, 8);
        Tensor answer;

        using (NewDisposeScope())
        {
            answer = shim.call(input);
            Assert.False(answer.IsInvalid);
        }

        Assert.True(answer.IsInvalid);
        Assert.False(input.IsInvalid);
        Assert.Equal(0, source.Rented);
    }

    [Fact]
    public void LocalCalls_should_give_the_instance_back_when_the_model_throws()
    {
        using var model = new Encoder();
        var source = new OneInstance(model);
        using var misshaped = randn(3, 7);

        Assert.ThrowsAny<Exception>(() => Shim(source).call(misshaped));

        Assert.Equal(0, source.Rented);
    }

    [Fact]
    public async Task Asynchronous_calls_should_be_refused_where_calls_run_in_this_process()
    {
        using var model = new Encoder();
        var source = new OneInstance(model);
        var shim = Shim(source);
        using var input = randn(3, 8);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => shim.CallAsync(input, timeout: TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAsync<ArgumentException>(() => shim.InvokeAsync<Tensor>("forward", [input]));

        Assert.Contains("runs in this process", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, source.Rented);
    }

    private static nn.Module<Tensor, Tensor> Shim(IInstanceSource source) => (nn.Module<Tensor, Tensor>)ShimFactory.Create(
        new ShimTarget("", new LocalCalls(source), []), typeof(Encoder), [("", typeof(nn.Module<Tensor, Tensor>))]);

    private sealed class OneInstance(object target) : IInstanceSource, IModelInstance
    {
        public int Rented { get; private set; }

        public string Name => "one";

        public object Target => target;

        public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
        {
            instance = null;
            return false;
        }

        public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
        {
            Rented++;
            return ValueTask.FromResult<IModelInstance>(this);
        }

        public object? Run(ModelFunction function, object? argument)
        {
            using var scope = NewDisposeScope();
            return ((Tensor)function(target, argument)!).DetachFromDisposeScope();
        }

        public void Dispose() => Rented--;
    }
}
