using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class TorchThreadsSpecs
{
    private readonly (int, int) _own = Numbers();

    [Fact]
    public async Task TorchThreads_should_bound_the_calling_thread_alone()
    {
        using var bounded = new Barrier(2);
        var bound = OwnThread.RunAsync(() =>
        {
            TorchThreads.Bound(7);
            bounded.SignalAndWait();
            bounded.SignalAndWait();
            return Numbers();
        });
        bounded.SignalAndWait();

        // A thread that starts meanwhile, one that computed before, and one that has a bound too.
        Assert.Equal(_own, await OwnThread.RunAsync(Numbers));
        Assert.Equal(_own, Numbers());
        Assert.Equal((3, 3), await OwnThread.RunAsync(() => Bounded(3)));
        bounded.SignalAndWait();
        Assert.Equal((7, 7), await bound);
        Assert.Equal(_own, await OwnThread.RunAsync(Numbers));
        Assert.NotNull(ThreadNumber.Own);
    }

    [Fact]
    public async Task TorchThreads_should_hold_a_bound_over_the_first_operation_of_a_thread()
    {
        var seen = await OwnThread.RunAsync(() =>
        {
            TorchThreads.Bound(7);
            torch.rand(64, 64).matmul(torch.rand(64, 64)).Dispose();
            return Numbers();
        });

        Assert.Equal((7, 7), seen);
    }

    [Fact]
    public async Task TorchThreads_should_give_a_thread_back_what_it_had_before_it_was_bound()
    {
        var seen = await OwnThread.RunAsync(() =>
        {
            TorchThreads.Bound(7);
            TorchThreads.Bound(3);
            TorchThreads.Reset();
            var first = Numbers();
            TorchThreads.Reset();
            return (first, Numbers());
        });

        Assert.Equal((_own, _own), seen);
    }

    [Fact]
    public async Task TorchThreads_should_know_the_number_that_the_program_has_set()
    {
        // One that computed before: to libtorch it keeps its number.
        using var step = new Barrier(2);
        var earlier = OwnThread.RunAsync(() =>
        {
            var before = Numbers();
            step.SignalAndWait();
            step.SignalAndWait();
            TorchThreads.BoundOrDefault(null);
            var bound = Numbers();
            TorchThreads.Reset();
            return (bound, before, Numbers());
        });
        step.SignalAndWait();

        // On a thread that ends with it.
        await OwnThread.RunAsync(() =>
        {
            torch.set_num_threads(5);
            try
            {
                Assert.Equal((7, 7), OnThread(() => Bounded(7)));
                Assert.Equal((5, 5), OnThread(Numbers));
                Assert.Equal((5, 5), Numbers());
                step.SignalAndWait();
                Assert.Equal(((5, 5), _own, _own), earlier.GetAwaiter().GetResult());
            }
            finally
            {
                torch.set_num_threads(_own.Item1);
            }
        });
        Assert.Equal(_own, Numbers());

        static (int, int) OnThread(Func<(int, int)> function) => OwnThread.RunAsync(function).GetAwaiter().GetResult();
    }

    [Fact]
    public void TorchThreads_should_refuse_less_than_one() => Assert.Throws<ArgumentOutOfRangeException>(() => TorchThreads.Bound(0));

    private static (int OpenMp, int Mkl) Bounded(int threads)
    {
        TorchThreads.Bound(threads);
        return Numbers();
    }

    // What libtorch's own operations use on this thread, and what its products of matrices do.
    private static unsafe (int OpenMp, int Mkl) Numbers()
    {
        var threads = torch.get_num_threads();
        return NativeLibrary.TryLoad("libtorch_cpu.so", out var libtorch)
            && NativeLibrary.TryGetExport(libtorch, "MKL_Get_Max_Threads", out var mkl)
            ? (threads, ((delegate* unmanaged[Cdecl]<int>)mkl)()) : (threads, threads);
    }
}
