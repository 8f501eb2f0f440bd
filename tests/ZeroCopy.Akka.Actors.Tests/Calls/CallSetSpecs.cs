using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Calls;

public sealed class CallSetSpecs
{
    private readonly CallSet _set = new();

    [Theory]
    [InlineData(0, 1, 2, 3)]
    [InlineData(3, 2, 1, 0)]
    [InlineData(1, 0, 3, 2)]
    [InlineData(2, 3, 0, 1)]
    [InlineData(1, 2, 0, 3)]
    public void CallSet_should_have_the_calls_that_were_not_removed(params int[] order)
    {
        var calls = order.Select(_ => Call()).ToArray();
        var left = calls.ToHashSet();
        Assert.All(calls, call => Assert.True(_set.TryAdd(call)));
        foreach (var index in order)
        {
            Assert.Equal(left, _set.ToList().ToHashSet());
            Assert.True(CallSet.Remove(calls[index]));
            Assert.False(CallSet.Remove(calls[index]));
            left.Remove(calls[index]);
        }

        Assert.Empty(_set.ToList());
    }

    [Fact]
    public void CallSet_should_find_nothing_of_a_call_that_was_never_added() => Assert.False(CallSet.Remove(Call()));

    [Fact]
    public async Task CallSet_should_take_no_more_calls_once_it_is_closed()
    {
        var there = Call();
        Assert.True(_set.TryAdd(there));
        _set.Close();

        // From threads of their own: each may take another part.
        var late = await Task.WhenAll(Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => OwnThread.RunAsync(() => _set.TryAdd(Call()))));

        Assert.All(late, Assert.False);
        Assert.Equal([there], _set.ToList());
        Assert.True(CallSet.Remove(there));
    }

    private static InferenceCall Call() => new(
        new CallLedger("a spec", int.MaxValue, "zerocopy", TimeProvider.System), new FakeSource(), argument: null, default);
}
