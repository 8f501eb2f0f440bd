using System.Collections.Concurrent;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Calls;

public sealed class CallLedgerSpecs
{
    private const int Callers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task CallLedger_should_have_a_place_for_as_many_callers_as_its_capacity_and_for_no_more()
    {
        const int Calls = 20_000;
        var ledger = Ledger(Callers);
        var most = 0;

        var answered = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => Enumerable.Range(0, Calls).Count(i =>
        {
            var call = Call(ledger);
            if (!ledger.TryEnter(call))
            {
                return false;
            }

            most = Math.Max(most, ledger.Count);
            call.Complete(i);
            call.Retire();
            return true;
        })))).WaitAsync(Patience);

        Assert.All(answered, count => Assert.Equal(Calls, count));
        Assert.InRange(most, 1, Callers);
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
        Assert.Equal(InferenceFailure.Overloaded, (await Assert.ThrowsAsync<InferenceException>(() => second.Answer)).Failure);
    }

    [Fact]
    public async Task CallLedger_should_answer_every_call_when_it_is_closed_while_others_enter()
    {
        for (var round = 0; round < 200; round++)
        {
            var ledger = Ledger(int.MaxValue);
            using var together = new Barrier(Callers + 1);
            var calls = new ConcurrentBag<InferenceCall>();
            // On threads of their own: the thread pool would start them one after the other.
            var callers = Enumerable.Range(0, Callers).Select(_ => Task.Factory.StartNew(() =>
            {
                Assert.True(together.SignalAndWait(Patience));
                for (var i = 0; i < 100; i++)
                {
                    var call = Call(ledger);
                    calls.Add(call);
                    ledger.TryEnter(call);
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            Assert.True(together.SignalAndWait(Patience));
            var drained = ledger.CloseAsync(TimeSpan.Zero);
            await Task.WhenAll(callers).WaitAsync(Patience);
            await drained.WaitAsync(Patience);

            var failures = await Task.WhenAll(calls.Select(call => call.Answer.ContinueWith(
                static answer => (answer.Exception!.InnerException as InferenceException)?.Failure, TaskScheduler.Default))).WaitAsync(Patience);
            Assert.Equal([InferenceFailure.ShuttingDown], failures.Distinct());
            Assert.All(calls, call => call.Retire());
            Assert.Equal(0, ledger.Count);
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

    private static CallLedger Ledger(int capacity) => new("a spec", capacity, "zerocopy", TimeProvider.System, release: null, resetThread: null);

    private static InferenceCall Call(CallLedger ledger) => new(ledger, argument: null, default);
}
