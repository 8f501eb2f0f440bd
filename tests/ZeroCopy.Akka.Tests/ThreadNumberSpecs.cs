using ZeroCopy.TestSupport;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>How many threads libtorch's operations use, in models and in the program around them.</summary>
public sealed class ThreadNumberSpecs : HostSpec
{
    private const int Bound = 7;

    [Fact]
    public async Task ModelPool_should_bound_its_models_and_nobody_else()
    {
        var own = get_num_threads();
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var within = new Barrier(2);
        var pool = await Host.StartPoolAsync("bound", wrapper, (Module<Tensor, Tensor> _, bool stays) =>
        {
            if (stays)
            {
                Assert.True(within.SignalAndWait(Patience));
                Assert.True(within.SignalAndWait(Patience));
            }

            return get_num_threads();
        }, settings => settings with { Size = 2, Threads = Bound });

        Assert.Equal(Bound, await pool.AskAsync(false).WaitAsync(Patience));
        await AssertNumbersAsync(own);
        var running = pool.AskAsync(true);
        Assert.True(within.SignalAndWait(Patience));
        await AssertNumbersAsync(own);
        Assert.True(within.SignalAndWait(Patience));
        Assert.Equal(Bound, await running.WaitAsync(Patience));
        await AssertNumbersAsync(own);
        await pool.DisposeAsync();
        await AssertNumbersAsync(own);
    }

    [Fact]
    public async Task ModelPool_should_go_on_behind_an_answer_and_a_failure_with_the_number_of_the_program()
    {
        var own = get_num_threads();
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        await using var pool = await Host.StartPoolAsync(
            "behind",
            wrapper,
            (Module<Tensor, Tensor> _, bool fails) => fails ? throw new InvalidOperationException("It fails.") : get_num_threads(),
            settings => settings with { Size = 2, Threads = Bound });

        // Where the answer is handed over, which is where a caller goes on.
        var behind = await Task.WhenAll(Enumerable.Range(0, 64).Select(call => pool.AskAsync(call % 2 == 0).ContinueWith(
            _ => (get_num_threads(), Thread.CurrentThread.IsThreadPoolThread),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default))).WaitAsync(Patience);

        Assert.All(behind, seen => Assert.Equal((own, true), seen));
    }

    [Fact]
    public async Task Tasks_should_compute_with_the_number_of_the_program_and_leave_it()
    {
        var own = get_num_threads();
        var tasks = await ModelWrapper.ForTasksAsync<Module<Tensor, Tensor>>(new ThreadCounter(), host: Host);
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        await using var pool = await Host.StartPoolAsync(
            "beside", wrapper, (Module<Tensor, Tensor> _, bool _) => get_num_threads(), settings => settings with { Threads = Bound });

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            Assert.Equal(Bound, await pool.AskAsync(false));
            using var answer = await tasks.CallAsync(Input);
            Assert.Equal(own, answer.item<int>());
        })).WaitAsync(Patience);
        await AssertNumbersAsync(own);
    }

    [Fact]
    public async Task Tasks_should_compute_with_the_number_that_the_program_has_set()
    {
        using var directory = new TemporaryDirectory();

        // In a process of its own: a thread that begins to compute while the number is set keeps it.
        using var program = await ChildProcess.StartAsync("ZeroCopy.Akka.ModelProcess", directory.File("store"), "threads", "5");

        Assert.Equal("5 5", await program.ReadAsync());
    }

    /// <summary>On this thread, on fresh ones, on those of the .NET pool, and behind awaits.</summary>
    private static async Task AssertNumbersAsync(int own)
    {
        Assert.Equal(own, get_num_threads());
        Assert.Equal(own, await OwnThread.RunAsync(get_num_threads));
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(get_num_threads))), number => Assert.Equal(own, number));
        await Task.Yield();
        Assert.Equal(own, get_num_threads());
    }

    private sealed class ThreadCounter() : Module<Tensor, Tensor>(nameof(ThreadCounter))
    {
        public override Tensor forward(Tensor input) => tensor(get_num_threads());
    }
}
