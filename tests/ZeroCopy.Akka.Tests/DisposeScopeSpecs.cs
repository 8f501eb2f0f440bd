using Akka.Actor;
using Akka.Configuration;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>Callers that await inside a dispose scope, on the one thread that serves them all.</summary>
public sealed class DisposeScopeSpecs : HostSpec
{
    private readonly ActorSystem _system = ActorSystem.Create("scopes", ConfigurationFactory.ParseString("""
        zerocopy.inference.dispatcher.fork-join-executor.parallelism-max = 1
        akka.loglevel = WARNING
        """));

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _system.Terminate();
    }

    [Fact]
    public async Task ModelPool_should_give_a_caller_an_answer_and_a_thread_outside_the_scopes_of_other_callers()
    {
        using var start = new ManualResetEventSlim();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync("scopes", wrapper, (Module<Tensor, Tensor> own, Tensor input) =>
        {
            Assert.True(start.Wait(Patience));
            return own.call(input);
        }, settings => settings with { Size = 1 });

        var scoped = ScopedAsync();
        var other = OtherAsync();
        start.Set();
        var (answer, made) = await other.WaitAsync(Patience);
        end.SetResult();
        await scoped.WaitAsync(Patience);

        Assert.True(Same(expected, answer));
        Assert.Equal(3, made.sum().item<float>());
        answer.Dispose();
        made.Dispose();

        async Task ScopedAsync()
        {
            (await pool.AskAsync(Input).ConfigureAwait(false)).Dispose();
            using var scope = NewDisposeScope();
            (await pool.AskAsync(Input).ConfigureAwait(false)).Dispose();
            await end.Task;
        }

        async Task<(Tensor Answer, Tensor Made)> OtherAsync()
        {
            var first = await pool.AskAsync(Input).ConfigureAwait(false);
            // Behind the scoped caller's second call.
            var second = await pool.AskAsync(Input).ConfigureAwait(false);
            first.Dispose();
            return (second, ones(3));
        }
    }

    protected override ZeroCopyHost Open() => ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = StoreOptions, ActorSystem = _system });
}
