using ZeroCopy.Actors.Inference;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Functions that call pools and tasks, and wait for them.</summary>
public sealed class NestedCallSpecs : PoolSpec
{
    /// <summary>More than threads to compute on, which all wait at the same time.</summary>
    private static readonly int Many = (2 * Environment.ProcessorCount) + 1;

    [Fact]
    public async Task InferencePool_should_answer_functions_that_wait_for_other_pools_on_every_thread()
    {
        using var all = new Barrier(Many);
        var last = await PoolAsync((_, argument) => argument, size: 1, name: "last");
        var inner = await PoolAsync((_, argument) => Wait(last.CallAsync(argument)), size: 1, name: "inner");
        var outer = await PoolAsync(
            (_, argument) => all.SignalAndWait(Patience) ? Wait(inner.CallAsync(argument)) : throw new TimeoutException(),
            size: Many,
            name: "outer");

        for (var round = 0; round < 3; round++)
        {
            await AnswersAsync(outer.CallAsync);
        }

        await inner.DrainAsync().WaitAsync(Patience);
        await last.DrainAsync().WaitAsync(Patience);
        await EndAsync(outer);
    }

    [Fact]
    public async Task InferencePool_should_answer_functions_that_run_tasks_on_every_thread()
    {
        using var all = new Barrier(Many);
        var pool = await PoolAsync(
            (_, argument) => all.SignalAndWait(Patience) ? Wait(TaskAsync((_, inner) => inner, argument)) : throw new TimeoutException(),
            size: Many);

        await AnswersAsync(pool.CallAsync);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_answer_a_function_that_starts_a_pool()
    {
        var outer = await PoolAsync(
            (_, argument) =>
            {
                var inner = PoolAsync((_, given) => given, name: $"inner-{argument}").WaitAsync(Patience).GetAwaiter().GetResult();
                inner.WhenReadyAsync().WaitAsync(Patience).GetAwaiter().GetResult();
                var answer = Wait(inner.CallAsync(argument));
                inner.DrainAsync().Wait(Patience);
                return answer;
            },
            size: Many);

        await AnswersAsync(outer.CallAsync);
        await EndAsync(outer);
    }

    [Fact]
    public async Task TaskRunner_should_answer_functions_that_run_tasks_in_every_place()
    {
        var places = Zero.Settings.Tasks.MaxConcurrency;
        using var all = new Barrier(places);
        var calls = Enumerable.Range(0, places).Select(i => TaskAsync(
            (_, argument) => all.SignalAndWait(Patience)
                ? Task.Run(() => Nested(argument)).GetAwaiter().GetResult()
                : throw new TimeoutException(), i));

        Assert.Equal(Enumerable.Range(0, places).Cast<object?>(), await Task.WhenAll(calls).WaitAsync(Patience));
        await EventuallyAsync(() => Source.Out == 0 && Zero.Tasks.Pending == 0);

        object? Nested(object? argument) => Wait(TaskAsync((_, inner) => Wait(TaskAsync((_, last) => last, inner)), argument));
    }

    [Fact]
    public async Task TaskRunner_should_answer_functions_that_wait_for_a_pool_whose_function_runs_tasks()
    {
        var pool = await PoolAsync((_, argument) => Wait(TaskAsync((_, inner) => inner, argument)));

        await AnswersAsync((argument, _, _) => TaskAsync((_, given) => Wait(pool.CallAsync(given)), argument));
        await EndAsync(pool);
    }

    [Fact]
    public async Task A_call_should_have_run_whose_function_calls_a_pool_that_refuses()
    {
        var inner = await PoolAsync((_, argument) => argument, name: "inner");
        var outer = await PoolAsync((_, argument) => Wait(inner.CallAsync(argument)), name: "outer");
        await inner.DrainAsync().WaitAsync(Patience);

        Assert.True((await FailsAsync(InferenceFailure.ShuttingDown, inner.CallAsync(1))).NeverRan);
        Assert.False((await FailsAsync(InferenceFailure.ShuttingDown, outer.CallAsync(1))).NeverRan);
        await EndAsync(outer);
    }

    [Fact]
    public async Task InferencePool_should_refuse_a_call_to_itself_and_go_on()
    {
        InferencePool? own = null;
        var pool = own = await PoolAsync((_, argument) => argument is true ? Wait(own!.CallAsync(false)) : argument);

        var refused = await FailsAsync(InferenceFailure.CircularCall, pool.CallAsync(true));

        Assert.Contains("The function of pool spec called pool spec", refused.Message, StringComparison.Ordinal);
        Assert.Contains("a pool of another name", refused.Message, StringComparison.Ordinal);
        Assert.Equal(false, await pool.CallAsync(false).WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_refuse_a_call_to_itself_that_its_function_awaits()
    {
        InferencePool? own = null;
        var pool = own = await Zero.CreatePoolAsync(
            "spec",
            Source,
            async (_, argument) =>
            {
                await Task.Yield();
                return argument is true ? await own!.CallAsync(false) : argument;
            },
            configure: settings => settings with { Size = 1 });

        await FailsAsync(InferenceFailure.CircularCall, pool.CallAsync(true));

        Assert.Equal(false, await pool.CallAsync(false).WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_refuse_a_call_that_leads_back_to_it_by_pools_and_tasks()
    {
        InferencePool? first = null;
        var third = await PoolAsync((_, argument) => argument is true ? Wait(first!.CallAsync(false)) : argument, name: "third");
        // A task waits in the place of its pool, and so does what a function starts elsewhere.
        var second = await PoolAsync(
            (_, argument) => Wait(TaskAsync((_, given) => Task.Run(() => Wait(third.CallAsync(given))).GetAwaiter().GetResult(), argument)),
            name: "second");
        first = await PoolAsync((_, argument) => argument is true ? Wait(second.CallAsync(true)) : argument, name: "first");

        var refused = await FailsAsync(InferenceFailure.CircularCall, first.CallAsync(true));

        Assert.Contains("The function of pool third called pool first", refused.Message, StringComparison.Ordinal);
        Assert.Equal(false, await second.CallAsync(false).WaitAsync(Patience));
        // Not only where calls have met: the other way round they could.
        await FailsAsync(InferenceFailure.CircularCall, third.CallAsync(true));
        await second.DrainAsync().WaitAsync(Patience);
        await third.DrainAsync().WaitAsync(Patience);
        await EndAsync(first);
    }

    [Fact]
    public async Task InferencePool_should_take_calls_from_what_a_function_left_behind()
    {
        InferencePool? own = null;
        Task<object?>? later = null;
        var pool = own = await PoolAsync((_, argument) =>
        {
            if (argument is "first")
            {
                later = Task.Run(async () =>
                {
                    await Entered.WaitAsync(Patience);
                    return await own!.CallAsync("later");
                });
            }

            return argument;
        });

        Assert.Equal("first", await pool.CallAsync("first").WaitAsync(Patience));
        Entered.Release();
        Assert.Equal("later", await later!.WaitAsync(Patience));
        await EndAsync(pool);
    }

    private static object? Wait(Task<object?> call) => call.WaitAsync(Patience).GetAwaiter().GetResult();

    private Task<object?> TaskAsync(ModelFunction function, object? argument) => Zero.Tasks.RunAsync(Source, function, argument);

    /// <summary>Many calls at once, which are answered with their arguments.</summary>
    private static async Task AnswersAsync(Func<object?, CallOptions?, CancellationToken, Task<object?>> call)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => call(i, null, default))).WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, Many).Cast<object?>(), answers);
    }
}
