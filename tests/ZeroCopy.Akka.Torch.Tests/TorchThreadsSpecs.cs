using TorchSharp;

namespace ZeroCopy.Torch.Tests;

public sealed class TorchThreadsSpecs : IDisposable
{
    private readonly int _before = torch.get_num_threads();

    public void Dispose() => TorchThreads.Bound(_before);

    [Fact]
    public void TorchThreads_should_bound_the_calling_thread_only()
    {
        TorchThreads.Bound(3);

        Assert.Equal(1, OnOtherThread(() => TorchThreads.Bound(1)));
        Assert.Equal(3, torch.get_num_threads());
    }

    [Fact]
    public void TorchThreads_should_start_a_new_thread_with_the_last_bound()
    {
        TorchThreads.Bound(3);

        Assert.Equal(3, OnOtherThread(() => { }));
    }

    [Fact]
    public void TorchThreads_should_give_a_thread_its_default_back()
    {
        TorchThreads.BoundOrDefault(null);
        var own = torch.get_num_threads();
        TorchThreads.BoundOrDefault(own + 2);
        Assert.Equal(own + 2, torch.get_num_threads());

        TorchThreads.BoundOrDefault(null);
        Assert.Equal(own, torch.get_num_threads());
    }

    [Fact]
    public void TorchThreads_should_refuse_less_than_one() => Assert.Throws<ArgumentOutOfRangeException>(() => TorchThreads.Bound(0));

    private static int OnOtherThread(Action action)
    {
        var seen = 0;
        var thread = new Thread(() =>
        {
            action();
            seen = torch.get_num_threads();
        });
        thread.Start();
        thread.Join();
        return seen;
    }
}
