using System.Runtime.CompilerServices;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>Whatever takes a token ends as .NET's own operations do where it fires.</summary>
public sealed class CancellationSpecs : HostSpec
{
    private static readonly Dictionary<string, Func<Things, CancellationToken, Task>> Operations = new()
    {
        ["wrap"] = (it, token) => ModelWrapper.FromModelAsync(it.Model, host: it.Host, cancellationToken: token),
        ["wrap for tasks"] = (it, token) => ModelWrapper.ForTasksAsync(it.Model, host: it.Host, cancellationToken: token),
        ["put a module"] = (it, token) => it.Host.Runtime.PutAsync(it.Model, cancellationToken: token),
        ["put a state"] = (it, token) => it.Host.Runtime.PutStateAsync(it.Model.state_dict(), cancellationToken: token),
        ["put a file"] = (it, token) => it.Host.Runtime.PutFileAsync("absent.pt", cancellationToken: token),
        ["collect"] = (it, token) => it.Host.Store.CollectAsync(cancellationToken: token),
        ["verify"] = (it, token) => it.Host.Store.VerifyAsync(cancellationToken: token),
        ["load"] = (it, token) => it.Wrapper.LoadAsync(cancellationToken: token),
        ["task"] = (it, token) => it.Tasks.CallAsync(it.Input, cancellationToken: token),
        ["task by name"] = (it, token) => it.Tasks.InvokeAsync<Tensor>("forward", [it.Input], cancellationToken: token),
        ["pool"] = (it, token) => it.Pool.AskAsync(it.Input, cancellationToken: token),
        ["start of a pool"] = (it, token) => it.Host.StartPoolAsync(
            "late", it.Wrapper, (Module<Tensor, Tensor> own, Tensor batch) => own.call(batch), cancellationToken: token),
        ["start of a pool by name"] = (it, token) => it.Host.StartPoolAsync(
            "late", new ModelName("absent"), (Module<Tensor, Tensor> own, Tensor batch) => own.call(batch), cancellationToken: token),
        ["wait for a pool"] = (it, token) => it.Host.PoolAsync<Tensor, Tensor>("absent", token),
        ["map"] = (it, token) => it.Pool.MapAsync(AsyncEnumerable.Repeat(it.Input, 3), cancellationToken: token).ToListAsync().AsTask(),
        ["map of batches"] = (it, token) => it.Wrapper.MapBatchesAsync<float, float>(
            AsyncEnumerable.Repeat(1f, 3), (_, rows) => rows, cancellationToken: token).ToListAsync().AsTask(),
        ["map of batches by its consumer"] = (it, token) => it.Wrapper.MapBatchesAsync<float, float>(
            AsyncEnumerable.Repeat(1f, 3), (_, rows) => rows).ToListAsync(token).AsTask(),
    };

    public static TheoryData<string> Names => [.. Operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Operation_should_be_cancelled_with_the_token_that_has_fired(string operation)
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var things = new Things(
            Host, model, Input, wrapper, await ModelWrapper.ForTasksAsync(model, host: Host),
            await Host.StartPoolAsync("cancelled", wrapper, (Module<Tensor, Tensor> own, Tensor batch) => own.call(batch)));

        await IsCancelledAsync(token => Operations[operation](things, token), new CancellationToken(canceled: true));
    }

    [Theory]
    [InlineData("map")]
    [InlineData("map of batches")]
    [InlineData("map of batches by its consumer")]
    public async Task Map_should_be_cancelled_with_its_token_while_a_call_runs(string map)
    {
        using var model = Mlp();
        using var stop = new CancellationTokenSource();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var pool = await Host.StartPoolAsync("stopped", wrapper, (Module<Tensor, Tensor> _, Tensor _) => Stop(0f));
        Task<List<float>> Run(CancellationToken token) => map switch
        {
            "map" => pool.MapAsync(AsyncEnumerable.Repeat(Input, 3), cancellationToken: token).ToListAsync(CancellationToken.None).AsTask(),
            "map of batches" => wrapper.MapBatchesAsync<float, float>(
                AsyncEnumerable.Repeat(1f, 3),
                (_, rows) => [Stop(rows[0])],
                cancellationToken: token).ToListAsync(CancellationToken.None).AsTask(),
            _ => wrapper.MapBatchesAsync<float, float>(
                AsyncEnumerable.Repeat(1f, 3), (_, rows) => [Stop(rows[0])], cancellationToken: CancellationToken.None)
                .ToListAsync(token).AsTask(),
        };

        await IsCancelledAsync(Run, stop.Token);

        float Stop(float answer)
        {
            stop.Cancel();
            return answer;
        }
    }

    [Fact]
    public async Task Map_should_be_cancelled_with_its_token_while_it_reads()
    {
        using var model = Mlp();
        using var stop = new CancellationTokenSource();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);

        await IsCancelledAsync(
            token => wrapper.MapBatchesAsync<float, float>(Endless(CancellationToken.None), (_, rows) => rows, cancellationToken: token)
                .ToListAsync(CancellationToken.None).AsTask(),
            stop.Token);

        async IAsyncEnumerable<float> Endless([EnumeratorCancellation] CancellationToken token)
        {
            yield return 1;
            await stop.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
        }
    }

    [Fact]
    public async Task Put_should_be_cancelled_with_its_token_while_it_writes()
    {
        using var model = Mlp();
        using var stop = new CancellationTokenSource();

        await IsCancelledAsync(
            token => Host.Runtime.PutAsync(model, progress: new Reporter(stop.Cancel), cancellationToken: token), stop.Token);

        Assert.Empty(Host.Store.List());
    }

    [Fact]
    public async Task Load_should_be_cancelled_with_its_token_while_it_builds()
    {
        using var building = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        using var model = Mlp();
        using var stop = new CancellationTokenSource();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var elsewhere = Open();
        var options = new LoadOptions<Module<Tensor, Tensor>>
        {
            Factory = () =>
            {
                building.Release();
                Assert.True(goOn.Wait(Patience));
                building.Release();
                return Mlp();
            },
        };

        var load = ModelWrapper.Deserialize<Module<Tensor, Tensor>>(wrapper.Serialize(), elsewhere).LoadAsync(options, stop.Token);
        await building.WaitAsync(Patience);
        await stop.CancelAsync();

        await IsCancelledAsync(_ => load, stop.Token);
        goOn.Set();
        // Until the factory has ended: it uses what this test disposes.
        await building.WaitAsync(Patience);
    }

    private static async Task IsCancelledAsync(Func<CancellationToken, Task> operation, CancellationToken token)
    {
        var task = operation(token);
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience));
        Assert.Equal(token, thrown.CancellationToken);
        Assert.True(task.IsCanceled);
    }

    private sealed record Things(
        ZeroCopyHost Host,
        Module<Tensor, Tensor> Model,
        Tensor Input,
        ModelWrapper<Module<Tensor, Tensor>> Wrapper,
        Module<Tensor, Tensor> Tasks,
        ModelPool<Tensor, Tensor> Pool);

    private sealed class Reporter(Action report) : IProgress<PutProgress>
    {
        public void Report(PutProgress value) => report();
    }
}
