using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Calls;

public sealed class CallLedgerSpecs
{
    private const int Places = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task CallLedger_should_have_a_place_for_as_many_callers_as_its_capacity()
    {
        const int Calls = 5_000;
        var ledger = Ledger(Places);

        var entered = await AllAsync(Places, () => Enumerable.Range(0, Calls).Count(_ =>
        {
            var call = Call(ledger);
            var isInside = ledger.TryEnter(call);
            call.Complete(null);
            call.Retire();
            return isInside;
        }));

        Assert.All(entered, count => Assert.Equal(Calls, count));
        Assert.Equal(0, ledger.Count);
    }

    [Fact]
    public async Task CallLedger_should_have_no_more_places_than_its_capacity()
    {
        var ledger = Ledger(Places);
        var inside = 0;

        var most = await AllAsync(Places, () => Enumerable.Range(0, 2_000).Max(_ =>
        {
            // More than there are, for each.
            var calls = Enumerable.Range(0, Places + 1).Select(_ => Call(ledger)).Where(ledger.TryEnter).ToArray();
            var seen = Interlocked.Add(ref inside, calls.Length);
            Interlocked.Add(ref inside, -calls.Length);
            Array.ForEach(calls, call =>
            {
                call.Complete(null);
                call.Retire();
            });
            return seen;
        }));

        Assert.Equal(Places, most.Max());
        Assert.Equal(0, ledger.Count);
    }

    [Fact]
    public async Task CallLedger_should_refuse_a_call_without_a_place()
    {
        var ledger = Ledger(1);
        var (first, second, third) = (Call(ledger), Call(ledger), Call(ledger));

        Assert.True(ledger.TryEnter(first));
        Assert.False(ledger.TryEnter(second));
        first.Fail(new InvalidOperationException());
        Assert.Equal(1, ledger.Count);
        first.Retire();
        first.Retire();
        Assert.True(ledger.TryEnter(third));

        Assert.Equal(1, ledger.Count);
        Assert.Equal(InferenceFailure.Overloaded, (await Assert.ThrowsAsync<InferenceException>(() => second.Task)).Failure);
    }

    [Fact]
    public async Task CallLedger_should_refuse_every_call_once_it_is_closed()
    {
        var ledger = Ledger(2);
        var (inside, late, later) = (Call(ledger), Call(ledger), Call(ledger));
        Assert.True(ledger.TryEnter(inside));

        var closed = ledger.CloseAsync(Patience);

        Assert.False(ledger.TryEnter(late));
        inside.Complete(null);
        inside.Retire();
        Assert.True(await closed.WaitAsync(Patience));
        Assert.False(ledger.TryEnter(later));
        Assert.Equal(0, ledger.Count);
        foreach (var refused in new[] { late, later })
        {
            Assert.Equal(InferenceFailure.ShuttingDown, (await Assert.ThrowsAsync<InferenceException>(() => refused.Task)).Failure);
        }
    }

    [Fact]
    public async Task CallLedger_should_be_closed_once_its_last_call_is_retired()
    {
        var ledger = Ledger(3);
        var calls = new[] { Call(ledger), Call(ledger), Call(ledger) };
        Assert.All(calls, call => Assert.True(ledger.TryEnter(call)));
        var closed = ledger.CloseAsync(Patience);

        // From the middle, the end and the beginning.
        foreach (var call in new[] { calls[1], calls[0], calls[2] })
        {
            Assert.False(closed.IsCompleted);
            call.Complete(null);
            call.Retire();
        }

        Assert.True(await closed.WaitAsync(Patience));
    }

    private static Task<T[]> AllAsync<T>(int count, Func<T> action) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(action))).WaitAsync(Patience);

    private static CallLedger Ledger(int capacity) => new("a spec", capacity, "zerocopy", TimeProvider.System);

    private static InferenceCall Call(CallLedger ledger) => new(ledger, new FakeSource(), argument: null, default);
}
