using System.Collections.Concurrent;
using ZeroCopy.Errors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Batches;

public sealed class MapBatchesSpecs : HostSpec
{
    [Fact]
    public async Task MapBatches_should_give_the_answers_in_the_order_of_the_rows()
    {
        using var model = Mlp();
        var rows = Rows(200);
        var sizes = new ConcurrentBag<int>();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);

        var answers = await wrapper.MapBatchesAsync(rows.ToAsyncEnumerable(), (Module<Tensor, Tensor> own, IReadOnlyList<float[]> batch) =>
        {
            sizes.Add(batch.Count);
            return Sums(own, batch);
        }).ToListAsync();

        Assert.Equal(Sums(model, rows), answers);
        Assert.Equal([8, 32, 32, 32, 32, 32, 32], sizes.Order());
        Assert.Empty(Host.Actors.Pools);
    }

    [Fact]
    public async Task MapBatches_should_use_four_actors_by_default()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        var actors = await wrapper.MapBatchesAsync(
            Rows(1).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> _, IReadOnlyList<float[]> _) => new[] { Host.Actors.Pools.Single().Settings.Size }).ToListAsync();

        Assert.Equal([4], actors);
    }

    [Fact]
    public async Task MapBatches_should_run_the_function_that_serves_a_pool()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var rows = Rows(10);
        await using var pool =
            await Host.StartPoolAsync<Module<Tensor, Tensor>, IReadOnlyList<float[]>, IReadOnlyList<float>>("sums", wrapper, Sums);

        var mapped = await wrapper.MapBatchesAsync<float[], float>(rows.ToAsyncEnumerable(), Sums).ToListAsync();
        var served = await pool.AskAsync(rows).WaitAsync(Patience);

        Assert.Equal(served, mapped);
    }

    [Fact]
    public async Task MapBatches_should_end_where_a_batch_takes_longer_than_its_deadline()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var gate = new ManualResetEventSlim();

        // Behind the first batch the one actor has its model, and the second waits for nobody.
        var error = await Assert.ThrowsAsync<InferenceException>(() => wrapper.MapBatchesAsync(
            Rows(10).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> _, IReadOnlyList<float[]> batch) =>
            {
                Assert.True(batch[0][0] == 0 || gate.Wait(Patience));
                return batch.Select(row => row[0]).ToArray();
            },
            new MapBatchesOptions { BatchSize = 5, Actors = 1, Prefetch = 1, Deadline = TimeSpan.FromSeconds(1) }).ToListAsync().AsTask());
        gate.Set();

        Assert.Equal(InferenceFailure.DeadlineExceeded, error.Failure);
        Assert.Contains("the batch of 5 rows from row 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MapBatches_should_read_no_more_rows_ahead_than_its_prefetch()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var read = 0;
        var mapped = wrapper.MapBatchesAsync<float[], float>(
            Endless(), Sums, new MapBatchesOptions { BatchSize = 5, Actors = 2, Prefetch = 3 });

        await foreach (var _ in mapped)
        {
            break;
        }

        Assert.Equal(15, read);
        Assert.Empty(Host.Actors.Pools);

        async IAsyncEnumerable<float[]> Endless()
        {
            while (true)
            {
                await Task.CompletedTask;
                read++;
                yield return new float[8];
            }
        }
    }

    [Fact]
    public async Task MapBatches_should_report_the_rows_that_are_answered()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var reported = new List<long>();
        var options = new MapBatchesOptions { BatchSize = 4, Progress = new Progress(reported.Add) };

        await wrapper.MapBatchesAsync<float[], float>(Rows(10).ToAsyncEnumerable(), Sums, options).ToListAsync();

        Assert.Equal([4, 8, 10], reported);
    }

    [Fact]
    public async Task MapBatches_should_name_the_rows_of_a_batch_that_fails()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var rows = Rows(20);
        rows[13] = new float[7];
        var answered = new List<float>();

        var error = await Assert.ThrowsAsync<InferenceException>(async () =>
        {
            await foreach (var sum in wrapper.MapBatchesAsync<float[], float>(
                rows.ToAsyncEnumerable(), Sums, new MapBatchesOptions { BatchSize = 4 }))
            {
                answered.Add(sum);
            }
        });

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains("row 12", error.Message, StringComparison.Ordinal);
        Assert.Equal(12, answered.Count);
        Assert.Empty(Host.Actors.Pools);
    }

    [Fact]
    public async Task MapBatches_should_skip_and_report_bad_rows_where_asked_and_answer_their_neighbours()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        int[] bad = [0, 13, 14, 40, 63, 69];
        var rows = Rows(70);
        foreach (var row in bad)
        {
            rows[row] = new float[7];
        }

        var (failed, reported) = (new List<FailedRow>(), new List<long>());
        var options = new MapBatchesOptions { OnFailedRow = failed.Add, Progress = new Progress(reported.Add) };

        var answers = await wrapper.MapBatchesAsync<float[], float>(rows, Sums, options).ToListAsync();

        Assert.Equal(Sums(model, [.. rows.Where((_, row) => !bad.Contains(row))]), answers);
        Assert.Equal(bad.Select(row => (long)row), failed.Select(row => row.Index));
        Assert.All(failed, row => Assert.Contains($"row {row.Index} failed", row.Failure.Message, StringComparison.Ordinal));
        Assert.Equal([32L, 64, 70], reported);
    }

    [Theory]
    [InlineData(InferenceFailure.ModelError)]
    [InlineData(InferenceFailure.InvalidInput)]
    [InlineData(InferenceFailure.DeadlineExceeded)]
    [InlineData(InferenceFailure.ActorCrashed)]
    [InlineData(InferenceFailure.MessageTooLarge)]
    public async Task MapBatches_should_skip_the_row_alone_that_a_batch_fails_for(InferenceFailure failure)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var failed = new List<FailedRow>();

        var answers = await wrapper.MapBatchesAsync<float[], float>(
            Rows(8),
            (_, batch) => batch.Any(row => row[0] == 40) ? throw new InferenceException(failure, "no") : [.. batch.Select(row => row[0])],
            new MapBatchesOptions { OnFailedRow = failed.Add }).ToListAsync();

        Assert.Equal([0f, 8, 16, 24, 32, 48, 56], answers);
        Assert.Equal((5L, failure), (Assert.Single(failed).Index, failed[0].Failure.Failure));
    }

    [Theory]
    [InlineData(InferenceFailure.Overloaded)]
    [InlineData(InferenceFailure.Unreachable)]
    [InlineData(InferenceFailure.LoadFailed)]
    [InlineData(InferenceFailure.ShuttingDown)]
    [InlineData(InferenceFailure.CircularCall)]
    [InlineData(InferenceFailure.ModelNotFound)]
    public async Task MapBatches_should_end_where_a_failure_says_nothing_of_a_row(InferenceFailure failure)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var failed = new List<FailedRow>();

        var error = await Assert.ThrowsAsync<InferenceException>(() => wrapper.MapBatchesAsync<float[], float>(
            Rows(8), (_, _) => throw new InferenceException(failure, "too much"),
            new MapBatchesOptions { OnFailedRow = failed.Add }).ToListAsync().AsTask());

        Assert.Equal(failure, error.Failure);
        Assert.Empty(failed);
    }

    [Fact]
    public async Task MapBatches_should_dispose_given_rows_once_though_it_halves_their_batch()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await MapAsync();
        var before = LiveTensors();

        Assert.Equal((29, 1), await MapAsync());

        Assert.InRange(Tensor.TotalCount, 0, before);

        async Task<(int Answers, int Failed)> MapAsync()
        {
            var (answers, failed) = (0, 0);
            var rows = Enumerable.Range(0, 30).Select(row => rand(1, row == 17 ? 7 : 8));
            await foreach (var answer in wrapper.MapBatchesAsync(
                rows, (Module<Tensor, Tensor> own, IReadOnlyList<Tensor> batch) => batch.Select(own.call).ToArray(),
                new MapBatchesOptions { Ownership = ArgumentOwnership.Give, OnFailedRow = _ => failed++ }))
            {
                answer.Dispose();
                answers++;
            }

            return (answers, failed);
        }
    }

    [Fact]
    public async Task MapBatches_should_end_with_its_token()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var cancellation = new CancellationTokenSource();
        var entered = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();

        var mapping = wrapper.MapBatchesAsync(Rows(20).ToAsyncEnumerable(), (Module<Tensor, Tensor> own, IReadOnlyList<float[]> batch) =>
        {
            entered.Release();
            Assert.True(gate.Wait(Patience));
            return Sums(own, batch);
        }, new MapBatchesOptions { BatchSize = 1 }, cancellation.Token).ToListAsync().AsTask();
        Assert.True(await entered.WaitAsync(Patience));
        await cancellation.CancelAsync();
        gate.Set();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mapping.WaitAsync(Patience));
        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.Empty(Host.Actors.Pools);
    }

    [Fact]
    public async Task MapBatches_should_dispose_given_rows_and_answers_that_nobody_takes()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var options = new MapBatchesOptions { BatchSize = 3, Actors = 2, Ownership = ArgumentOwnership.Give };
        await MapAsync();
        var before = LiveTensors();

        await MapAsync();

        Assert.InRange(Tensor.TotalCount, 0, before);

        async Task MapAsync()
        {
            var rows = Enumerable.Range(0, 30).Select(_ => rand(1, 8)).ToAsyncEnumerable();
            await foreach (var answer in wrapper.MapBatchesAsync(
                rows, (Module<Tensor, Tensor> own, IReadOnlyList<Tensor> batch) => batch.Select(own.call).ToArray(), options))
            {
                answer.Dispose();
                break;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MapBatches_should_dispose_given_rows_whose_batch_did_not_come_to_be(bool isCancelled)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var cancellation = new CancellationTokenSource();
        var rows = Enumerable.Range(0, 8).Select(_ => rand(1, 8)).ToList();

        await Assert.ThrowsAnyAsync<Exception>(() => wrapper.MapBatchesAsync(
            Source(cancellation.Token), (Module<Tensor, Tensor> _, IReadOnlyList<Tensor> batch) => new int[batch.Count],
            new MapBatchesOptions { BatchSize = 5, Ownership = ArgumentOwnership.Give }, cancellation.Token)
            .ToListAsync().AsTask().WaitAsync(Patience));

        Assert.All(rows, row => Assert.True(row.IsInvalid));

        async IAsyncEnumerable<Tensor> Source([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            foreach (var row in rows)
            {
                yield return row;
            }

            if (isCancelled)
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            }

            throw new InvalidDataException("the source is gone");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MapBatches_should_dispose_the_answers_that_a_callback_keeps_from_the_reader(bool isProgress)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var made = new ConcurrentBag<Tensor>();
        var options = new MapBatchesOptions
        {
            Progress = isProgress ? new Progress(_ => throw new InvalidDataException("no")) : null,
            OnFailedRow = _ => throw new InvalidDataException("no"),
            Prefetch = 1,
        };

        await Assert.ThrowsAsync<InvalidDataException>(() => wrapper.MapBatchesAsync<float[], Tensor>(
            [.. Rows(3), new float[7]], (_, batch) => [.. batch.Select(AnswerOf)], options).ToListAsync().AsTask().WaitAsync(Patience));

        Assert.NotEmpty(made);
        Assert.All(made, answer => Assert.True(answer.IsInvalid));

        Tensor AnswerOf(float[] row)
        {
            var answer = row.Length == 8 ? tensor(row) : throw new InferenceException(InferenceFailure.InvalidInput, "7");
            made.Add(answer);
            return answer;
        }
    }

    [Fact]
    public async Task Map_should_dispose_the_answer_that_a_callback_keeps_from_the_reader()
    {
        await using var pool = await Host.StartPoolAsync(
            "callback", await ModelWrapper.FromModelAsync(Mlp(), host: Host),
            (Module<Tensor, Tensor> own, Tensor input) => own.call(input),
            settings => settings with { Size = 1 });
        // With the first answer its only instance is there.
        (await pool.AskAsync(Input)).Dispose();
        var live = LiveTensors();

        await Assert.ThrowsAsync<InvalidDataException>(() => pool.MapAsync(
            [Input], new MapOptions { Progress = new Progress(_ => throw new InvalidDataException("no")) })
            .ToListAsync().AsTask().WaitAsync(Patience));

        Assert.InRange(Tensor.TotalCount, 0, live);
    }

    [Fact]
    public async Task Map_should_stream_inputs_through_a_pool_in_order()
    {
        using var model = Mlp();
        await using var pool = await Host.StartPoolAsync(
            "stream", await ModelWrapper.FromModelAsync(model, host: Host), (Module<Tensor, Tensor> own, Tensor input) => own.call(input));
        var inputs = Enumerable.Range(0, 20).Select(_ => rand(2, 8)).ToList();
        var reported = new List<long>();

        var again = await pool.MapAsync(inputs).ToListAsync();
        var answers = await pool.MapAsync(
            inputs.ToAsyncEnumerable(), new MapOptions { Progress = new Progress(reported.Add) }).ToListAsync();

        using var frozen = no_grad();
        Assert.All(inputs.Concat(inputs).Zip(answers.Concat(again)), pair => Assert.True(Same(model.call(pair.First), pair.Second)));
        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), reported);
    }

    [Theory]
    [InlineData(0, 4, null)]
    [InlineData(32, 0, null)]
    [InlineData(32, 4, 0)]
    public async Task MapBatches_should_refuse_sizes_below_one(int batchSize, int actors, int? prefetch)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        Assert.Throws<ArgumentOutOfRangeException>(() => wrapper.MapBatchesAsync<float[], float>(
            Rows(1).ToAsyncEnumerable(), Sums, new MapBatchesOptions { BatchSize = batchSize, Actors = actors, Prefetch = prefetch }));
    }

    // One row at a time, so that the sums do not depend on how rows are joined.
    private static float[] Sums(Module<Tensor, Tensor> model, IReadOnlyList<float[]> batch)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return [.. batch.Select(row => model.call(tensor(row).unsqueeze(0)).sum().item<float>())];
    }

    private static float[][] Rows(int count) =>
        [.. Enumerable.Range(0, count).Select(row => Enumerable.Range(0, 8).Select(i => (row * 8f) + i).ToArray())];

    private sealed class Progress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
