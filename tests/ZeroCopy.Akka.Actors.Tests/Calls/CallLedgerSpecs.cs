using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Calls;

public sealed class CallLedgerSpecs
{
    private const int Places = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task CallLedger_should_have_a_place_for_as_many_callers_as_its_capacity()
    {
        const int Calls = 5_000;
        var ledger = Ledger(Places);

        var entered = await AllAsync(Places, () => Enumerable.Range(0, Calls).Count(_ =>
        {
            var call = Call(ledger);
            var isInside = Enter(ledger, call);
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
            var calls = Enumerable.Range(0, Places + 1).Select(_ => Call(ledger)).Where(call => Enter(ledger, call)).ToArray();
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

        Assert.True(Enter(ledger, first));
        Assert.False(Enter(ledger, second));
        first.Fail(new InvalidOperationException());
        Assert.Equal(1, ledger.Count);
        first.Retire();
        first.Retire();
        Assert.True(Enter(ledger, third));

        Assert.Equal(1, ledger.Count);
        Assert.Equal(InferenceFailure.Overloaded, (await Assert.ThrowsAsync<InferenceException>(() => second.Task)).Failure);
    }

    [Fact]
    public async Task CallLedger_should_refuse_every_call_once_it_is_closed()
    {
        var ledger = Ledger(2);
        var (inside, late, later) = (Call(ledger), Call(ledger), Call(ledger));
        Assert.True(Enter(ledger, inside));

        var closed = ledger.CloseAsync(Patience);

        Assert.False(Enter(ledger, late));
        inside.Complete(null);
        inside.Retire();
        await closed.WaitAsync(Patience);
        Assert.False(Enter(ledger, later));
        Assert.Equal(0, ledger.Count);
        foreach (var refused in new[] { late, later })
        {
            var refusal = await Assert.ThrowsAsync<InferenceException>(() => refused.Task);
            Assert.Equal((InferenceFailure.ShuttingDown, true), (refusal.Failure, refusal.NeverRan));
        }
    }

    [Fact]
    public async Task CallLedger_should_be_closed_once_its_last_call_is_retired()
    {
        var ledger = Ledger(3);
        var calls = new[] { Call(ledger), Call(ledger), Call(ledger) };
        Assert.All(calls, call => Assert.True(Enter(ledger, call)));
        var closed = ledger.CloseAsync(Patience);

        // From the middle, the end and the beginning.
        foreach (var call in new[] { calls[1], calls[0], calls[2] })
        {
            Assert.False(closed.IsCompleted);
            call.Complete(null);
            call.Retire();
        }

        await closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task CallLedger_should_have_the_place_of_a_call_back_that_is_given_up_while_it_waits()
    {
        var clock = new FakeTimeProvider();
        var ledger = new CallLedger("a spec", 1, "zerocopy", clock);
        var argument = new FakeTensor();
        var late = new InferenceCall(
            ledger,
            new FakeSource(),
            argument,
            new CallTerms(TimeSpan.FromSeconds(1), ArgumentOwnership.Give, null, CancellationToken.None));
        Assert.True(Enter(ledger, late));

        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((0, 1, null), (ledger.Count, argument.Released, late.Argument));
        Assert.Equal(
            InferenceFailure.DeadlineExceeded, (await Assert.ThrowsAsync<InferenceException>(() => late.Task.WaitAsync(Patience))).Failure);
        Assert.True(Enter(ledger, Call(ledger)));
        Assert.False(late.TryRun());
        late.Retire();
        Assert.Equal((1, 1), (ledger.Count, argument.Released));
    }

    [Fact]
    public void CallLedger_should_bound_what_given_up_calls_leave_in_queues()
    {
        var ledger = Ledger(1);
        InferenceCall? first = null;
        var admitted = 0;
        for (; admitted < 100_000; admitted++)
        {
            var call = Call(ledger);
            if (!Enter(ledger, call))
            {
                break;
            }

            first ??= call;
            call.Abandon(InferenceFailure.Cancelled);
        }

        Assert.Equal(4096, admitted);
        Assert.Equal(0, ledger.Count);
        // Its queue comes to it.
        first!.Retire();
        first.Retire();
        Assert.True(Enter(ledger, Call(ledger)));
        Assert.False(Enter(ledger, Call(ledger)));
    }

    [Theory]
    [InlineData(ArgumentOwnership.Give)]
    [InlineData(ArgumentOwnership.Keep)]
    public async Task CallLedger_should_close_without_those_who_gave_up_a_running_call(ArgumentOwnership ownership)
    {
        var clock = new FakeTimeProvider();
        var ledger = new CallLedger("a spec", 2, "zerocopy", clock);
        var call = new InferenceCall(
            ledger, new FakeSource { Retains = true }, new FakeTensor(), new CallTerms(null, ownership, null, CancellationToken.None));
        Assert.True(Enter(ledger, call));
        Assert.True(call.TryRun());
        call.Borrow(out var own);
        var closed = ledger.CloseAsync(Timeout.InfiniteTimeSpan);
        Assert.False(closed.IsCompleted);

        call.Abandon(InferenceFailure.Cancelled);

        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(500));
                return closed.IsCompleted;
            },
            Patience));
        await closed;
        Assert.Equal(1, ledger.Count);
        own?.Dispose();
        call.Retire();
        Assert.Equal(0, ledger.Count);
    }

    [Fact]
    public async Task CallLedger_should_answer_a_call_that_was_given_up_in_the_moment_before_its_argument_is_free()
    {
        var ledger = Ledger(1);
        var call = Call(ledger);
        Assert.True(Enter(ledger, call));
        Assert.True(call.TryRun());

        call.Abandon(InferenceFailure.ShuttingDown);
        Assert.False(call.IsAnswered);
        call.MarkDetached();

        Assert.True(call.IsAnswered);
        Assert.Equal(
            InferenceFailure.ShuttingDown, (await Assert.ThrowsAsync<InferenceException>(() => call.Task.WaitAsync(Patience))).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CallLedger_should_undo_the_admission_of_a_call_that_cannot_be_sent(bool timer)
    {
        var clock = new BrokenClock(() => throw new FormatException("broken"));
        var ledger = new CallLedger("a spec", 1, "zerocopy", timer ? clock : TimeProvider.System);
        var argument = new FakeTensor();
        var call = new InferenceCall(
            ledger,
            new FakeSource(),
            argument,
            new CallTerms(timer ? Patience : null, ArgumentOwnership.Give, null, CancellationToken.None));

        var answer = ledger.Submit(call, 0, static (_, _) => throw new FormatException("broken"));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => answer.WaitAsync(Patience));
        Assert.Contains("broken", failure.Message, StringComparison.Ordinal);
        Assert.Equal((0, 1), (ledger.Count, argument.Released));
        Assert.True(Enter(ledger, Call(ledger)));
    }

    [Fact]
    public void CallLedger_should_leave_no_clock_running_of_a_call_that_is_retired_while_it_enters()
    {
        CallLedger? ledger = null;
        var clock = new BrokenClock(() => ledger!.RetireAll());
        ledger = new CallLedger("a spec", 1, "zerocopy", clock);
        using var cancellation = new CancellationTokenSource();
        var sent = false;
        var call = new InferenceCall(
            ledger, new FakeSource(), null, new CallTerms(Patience, ArgumentOwnership.Keep, null, cancellation.Token));

        ledger.Submit(call, 0, (_, _) => sent = true);

        Assert.Equal((0, 0, false), (clock.Timers, ledger.Count, sent));
    }

    private static Task<T[]> AllAsync<T>(int count, Func<T> action) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(action))).WaitAsync(Patience);

    private static bool Enter(CallLedger ledger, InferenceCall call) => !ledger.Submit(call, call, static (_, _) => { }).IsFaulted;

    private static CallLedger Ledger(int capacity) => new("a spec", capacity, "zerocopy", TimeProvider.System);

    private static InferenceCall Call(CallLedger ledger) => new(ledger, new FakeSource(), argument: null, default);
}
