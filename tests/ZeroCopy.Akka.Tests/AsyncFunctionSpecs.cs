using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>Functions that await on their way.</summary>
public sealed class AsyncFunctionSpecs : HostSpec
{
    [Fact]
    public async Task Pool_should_answer_functions_that_await_another_pool_however_many_there_are()
    {
        using var model = Mlp();
        using var twice = Twice(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var inner = await Host.StartPoolAsync(
            "inner", wrapper, (Module<Tensor, Tensor> own, Tensor input) => own.call(input), One);
        await using var outer = await Host.StartPoolAsync(
            "outer", wrapper,
            async (Module<Tensor, Tensor> own, Tensor input) =>
            {
                using var first = await inner.AskAsync(input);
                return own.call(first);
            },
            settings => settings with { Size = (2 * Environment.ProcessorCount) + 1 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => outer.AskAsync(Input))).WaitAsync(Patience);

        Assert.All(answers, answer => Assert.True(Same(twice, answer)));
    }

    [Fact]
    public async Task Pool_should_keep_its_instance_for_one_function_until_it_has_ended()
    {
        var (inside, most, order) = (0, 0, new List<int>());
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        await using var pool = await Host.StartPoolAsync(
            "alone", wrapper,
            async (Module<Tensor, Tensor> _, int number) =>
            {
                most = Math.Max(most, ++inside);
                order.Add(number);
                for (var i = 0; i < number % 3; i++)
                {
                    await Task.Yield();
                }

                inside--;
                return number;
            },
            One);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(number => pool.AskAsync(number))).WaitAsync(Patience);

        Assert.Equal(1, most);
        Assert.Equal(Enumerable.Range(0, 60), answers);
        Assert.Equal(Enumerable.Range(0, 60), order);
    }

    [Fact]
    public async Task Function_should_run_without_gradients_in_every_piece_and_leave_only_its_answer()
    {
        using var model = Mlp();
        using var expected = Twice(model);
        using var input = Input.detach().requires_grad_();
        var pieces = new List<(bool Gradients, bool OnPool)>();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "pieces", wrapper,
            async (Module<Tensor, Tensor> own, Tensor given) =>
            {
                Note();
                var first = own.call(given);
                await Task.Yield();
                Note();
                var second = own.call(first);
                var spare = second + 1;
                await Task.Run(static () => { });
                Note();
                return (second, own.call(spare));
            },
            One);
        await AskAsync();
        var before = LiveTensors();

        await AskAsync();

        Assert.InRange(Tensor.TotalCount, 0, before);
        Assert.Equal(6, pieces.Count);
        Assert.All(pieces, piece => Assert.Equal((false, false), piece));

        void Note() => pieces.Add((is_grad_enabled(), Thread.CurrentThread.IsThreadPoolThread));

        async Task AskAsync()
        {
            var (second, third) = await pool.AskAsync(input).WaitAsync(Patience);
            Assert.True(Same(expected, second));
            Assert.False(second.requires_grad);
            second.Dispose();
            third.Dispose();
        }
    }

    [Fact]
    public async Task Call_should_end_at_its_limit_while_the_function_awaits_and_the_next_one_wait_for_it()
    {
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var ended = false;
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        await using var pool = await Host.StartPoolAsync(
            "limits", wrapper,
            async (Module<Tensor, Tensor> _, int number) =>
            {
                if (number == 0)
                {
                    entered.SetResult();
                    await gate.Task;
                    ended = true;
                }

                return ended;
            },
            One);
        using var stop = new CancellationTokenSource();

        var cancelled = pool.AskAsync(0, cancellationToken: stop.Token);
        await entered.Task.WaitAsync(Patience);
        var next = pool.AskAsync(1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.False(next.IsCompleted);
        gate.SetResult();

        Assert.True(await next.WaitAsync(Patience));
    }

    [Fact]
    public async Task Function_should_end_and_give_its_instance_back_when_its_pool_is_stopped_meanwhile()
    {
        using var model = Mlp();
        using var expected = Call(model);
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var ended = new TaskCompletionSource<Tensor>();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var pool = await Host.StartPoolAsync(
            "stopped", wrapper,
            async (Module<Tensor, Tensor> own, Tensor input) =>
            {
                entered.SetResult();
                await gate.Task;
                await Task.Yield();
                using var answer = own.call(input);
                ended.SetResult(answer.clone().DetachFromDisposeScope());
                return 1;
            },
            One);
        var call = pool.AskAsync(Input);
        await entered.Task.WaitAsync(Patience);

        await pool.Actors.DrainAsync(TimeSpan.Zero).WaitAsync(Patience);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => call.WaitAsync(Patience));
        gate.SetResult();

        Assert.Equal(InferenceFailure.ShuttingDown, failure.Failure);
        using var answer = await ended.Task.WaitAsync(Patience);
        Assert.True(Same(expected, answer));
    }

    [Fact]
    public async Task Call_should_fail_with_what_the_function_throws_behind_an_await()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        await using var pool = await Host.StartPoolAsync(
            "throwing", wrapper,
            async (Module<Tensor, Tensor> own, Tensor input) =>
            {
                await Task.Yield();
                return own.call(input);
            },
            One);
        using var misshaped = rand(3, 7);

        var error = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(misshaped).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains("3x7", error.Message, StringComparison.Ordinal);
        using var answer = await pool.AskAsync(Input).WaitAsync(Patience);
    }

    [Fact]
    public async Task MapBatches_should_take_a_function_that_awaits()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        var answers = await wrapper.MapBatchesAsync<int, int>(
            Enumerable.Range(0, 100),
            async (_, rows) =>
            {
                await Task.Yield();
                return [.. rows.Select(row => 2 * row)];
            }).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(row => 2 * row), answers);
    }

    [Fact]
    public async Task Pool_should_refuse_batches_of_a_function_that_awaits()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Host.StartPoolAsync(
            "joined", wrapper,
            async (Module<Tensor, Tensor> own, Tensor input) =>
            {
                await Task.Yield();
                return own.call(input);
            },
            settings => settings with { Batching = new BatchingSettings() }));

        Assert.Contains("zerocopy.inference.pools.joined.batching", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instance_should_run_the_pieces_of_a_function_one_at_a_time()
    {
        using var model = Mlp();
        using var expected = Twice(model);
        var source = Host.Runtime.Open<Module<Tensor, Tensor>>(await Host.Runtime.PutAsync(model));
        using var instance = await source.RentAsync();
        var (inside, most) = (0, 0);

        var answers = (Tensor[])(await instance.RunAsync(
            async (target, argument) => await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OneAsync(target, argument))),
            Input).WaitAsync(Patience))!;

        Assert.Equal(1, most);
        Assert.All(answers, answer => Assert.True(Same(expected, answer)));

        async Task<Tensor> OneAsync(object target, object? argument)
        {
            var own = (Module<Tensor, Tensor>)target;
            await Task.Yield();
            most = Math.Max(most, Interlocked.Increment(ref inside));
            var first = own.call((Tensor)argument!);
            Interlocked.Decrement(ref inside);
            await Task.Run(static () => { });
            return own.call(first);
        }
    }

    private static PoolSettings One(PoolSettings settings) => settings with { Size = 1 };

    private Tensor Twice(Module<Tensor, Tensor> model)
    {
        using var frozen = no_grad();
        using var first = model.call(Input);
        return model.call(first);
    }
}
