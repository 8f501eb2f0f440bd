using ZeroCopy.Store;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// A program that sets libtorch's number of threads, which is the process's, and calls a task. Says <c>ready</c>, then the numbers that the
/// task computed with and that the caller has behind it.
/// </summary>
internal static class SetThreads
{
    public static async Task RunAsync(string directory, int threads, TextWriter answers)
    {
        answers.WriteLine("ready");
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory } });
        var tasks = await ModelWrapper.ForTasksAsync<Module<Tensor, Tensor>>(new ThreadCounter(), host: host);
        // Whatever thread a first task starts has libtorch's own number from then on.
        (await tasks.CallAsync(ones(1))).Dispose();
        set_num_threads(threads);
        using var answer = tasks.call(ones(1));
        answers.WriteLine($"{answer.item<int>()} {get_num_threads()}");
    }

    private sealed class ThreadCounter() : Module<Tensor, Tensor>(nameof(ThreadCounter))
    {
        public override Tensor forward(Tensor input) => tensor(get_num_threads());
    }
}
