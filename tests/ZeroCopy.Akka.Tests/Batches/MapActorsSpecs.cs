using System.Collections.Concurrent;
using Akka.Streams;
using Akka.Streams.Dsl;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Batches;

/// <summary>How the actors of a map are made, come, go and fail.</summary>
public sealed class MapActorsSpecs : HostSpec
{
    [Fact]
    public async Task MapBatches_should_make_an_object_of_the_users_class_once_for_each_actor()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        Summing.Reset();

        var answers = await wrapper.MapBatchesAsync(
            Rows(50),
            own => new Summing(own),
            (Summing summing, IReadOnlyList<float[]> batch) => summing.Run(batch),
            new MapBatchesOptions { BatchSize = 4, Actors = 2 }).ToListAsync();

        Assert.Equal(Sums(model, Rows(50)), answers);
        Assert.InRange(Summing.Made, 1, 2);
        Assert.Equal(Summing.Made, Summing.Disposed);
        Assert.Empty(Host.Actors.Pools);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task MapBatches_should_run_objects_in_streams_and_by_functions_that_await(bool isStream, bool isAsync)
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var options = new MapBatchesOptions { BatchSize = 4, Actors = 2 };
        Summing.Reset();

        var answers = (isStream, isAsync) switch
        {
            (false, false) => await wrapper.MapBatchesAsync(Rows(50), Make, Run, options).ToListAsync(),
            (false, true) => await wrapper.MapBatchesAsync(Rows(50), Make, RunAsync, options).ToListAsync(),
            (true, false) => await StreamAsync(wrapper.MapBatchesFlow<Summing, float[], float>(Make, Run, options)),
            _ => await StreamAsync(wrapper.MapBatchesFlow<Summing, float[], float>(Make, RunAsync, options)),
        };

        Assert.Equal(Sums(model, Rows(50)), answers);
        Assert.InRange(Summing.Made, 1, 2);
        await UntilAsync(() => Summing.Made == Summing.Disposed && Host.Actors.Pools.Count == 0);

        static Summing Make(ModelWrapper<Module<Tensor, Tensor>> own) => new(own);

        static IReadOnlyList<float> Run(Summing summing, IReadOnlyList<float[]> batch) => summing.Run(batch);

        static async Task<IReadOnlyList<float>> RunAsync(Summing summing, IReadOnlyList<float[]> batch)
        {
            await Task.Yield();
            return summing.Run(batch);
        }

        async Task<IEnumerable<float>> StreamAsync(Flow<float[], float, Akka.NotUsed> flow) =>
            await Source.From(Rows(50)).Via(flow).RunWith(Sink.Seq<float>(), materializer).WaitAsync(Patience);
    }

    [Fact]
    public async Task MapBatches_should_fail_the_stream_of_a_function_that_awaits_with_what_it_failed_with()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Source.From(Rows(20))
            .Via(wrapper.MapBatchesFlow<float[], float>(async (_, _) =>
            {
                await Task.Yield();
                throw new InvalidOperationException("bad weather");
            }))
            .RunWith(Sink.Seq<float>(), materializer).WaitAsync(Patience));

        Assert.Contains("bad weather", error.ToString(), StringComparison.Ordinal);
        await UntilAsync(() => Host.Actors.Pools.Count == 0);
    }

    [Fact]
    public async Task MapBatches_should_say_why_an_object_cannot_be_made()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        var error = await Assert.ThrowsAsync<InferenceException>(() => wrapper.MapBatchesAsync(
            Rows(1).ToAsyncEnumerable(),
            Summing (_) => throw new InvalidOperationException("no vocabulary"),
            (summing, batch) => summing.Run(batch),
            new MapBatchesOptions { Deadline = Patience }).ToListAsync().AsTask());

        Assert.Equal(InferenceFailure.LoadFailed, error.Failure);
        Assert.Contains("no vocabulary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MapBatches_should_give_answers_as_they_come_where_their_order_does_not_matter()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var gate = new ManualResetEventSlim();
        var answers = new List<float>();

        var mapped = wrapper.MapBatchesAsync(
            Rows(6).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> _, IReadOnlyList<float[]> batch) =>
            {
                // The first row is answered when another one was.
                Assert.True(batch[0][0] > 0 || gate.Wait(Patience));
                return batch.Select(row => row[0]).ToArray();
            },
            new MapBatchesOptions { BatchSize = 1, Actors = 2, IsOrdered = false });
        await foreach (var answer in mapped)
        {
            answers.Add(answer);
            gate.Set();
        }

        Assert.Equal([0f, 8, 16, 24, 32, 40], answers.Order());
        Assert.NotEqual(0, answers[0]);
    }

    [Theory]
    [InlineData(InferenceFailure.ActorCrashed)]
    [InlineData(InferenceFailure.Overloaded)]
    [InlineData(InferenceFailure.Unreachable)]
    public async Task MapBatches_should_try_again_what_another_actor_may_answer(InferenceFailure failure)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var tries = new ConcurrentDictionary<float, int>();

        var answers = await wrapper.MapBatchesAsync(
            Rows(8).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> _, IReadOnlyList<float[]> batch) => tries.AddOrUpdate(batch[0][0], 1, (_, before) => before + 1) < 3
                ? throw new InferenceException(failure, "gone")
                : batch.Select(row => row[0]).ToArray(),
            new MapBatchesOptions { BatchSize = 4, Attempts = 3 }).ToListAsync();

        Assert.Equal(8, answers.Count);
        Assert.All(tries.Values, count => Assert.Equal(3, count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MapBatches_should_ask_again_for_what_waited_for_its_turn_until_its_deadline(bool isAlways)
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        var (late, calls) = (new InferenceException(InferenceFailure.DeadlineExceeded, "late") { Waited = Patience }, 0);

        var mapped = wrapper.MapBatchesAsync(
            Rows(4).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> _, IReadOnlyList<float[]> batch) => isAlways || ++calls < 5
                ? throw late
                : batch.Select(row => row[0]).ToArray(),
            new MapBatchesOptions { BatchSize = 4, Deadline = Patience }).ToListAsync();

        if (isAlways)
        {
            var error = await Assert.ThrowsAsync<InferenceException>(() => mapped.AsTask());
            Assert.Equal(InferenceFailure.Overloaded, error.Failure);
            Assert.Contains("had no turn for a call in 30 times the deadline of", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal([0f, 8, 16, 24], await mapped);
        }
    }

    [Fact]
    public async Task MapBatches_should_have_more_actors_while_there_is_work_for_them()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var patience = new CancellationTokenSource(Patience);
        var most = 0;

        var answers = await wrapper.MapBatchesAsync(
            UntilGrownAsync(),
            (Module<Tensor, Tensor> _, IReadOnlyList<int> batch) =>
            {
                most = Math.Max(most, Host.Actors.Pools.Single().ReadyActors);
                return batch;
            },
            new MapBatchesOptions
            {
                BatchSize = 1,
                Actors = 1,
                Resizer = new ResizerSettings { MaxSize = 3, PressureThreshold = 0, RampupRate = 1, MessagesPerResize = 2 },
            }).CountAsync();

        Assert.True(answers > 0);
        Assert.InRange(most, 2, 3);

        async IAsyncEnumerable<int> UntilGrownAsync()
        {
            for (var row = 0; Volatile.Read(ref most) < 2; row++)
            {
                patience.Token.ThrowIfCancellationRequested();
                yield return row;
                await Task.Yield();
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MapBatches_should_be_a_stage_of_a_stream(bool isOrdered)
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var rows = Rows(70);
        rows[13] = new float[7];
        var failed = new List<FailedRow>();

        var answers = await Source.From(rows)
            .Via(wrapper.MapBatchesFlow<float[], float>(
                Sums, new MapBatchesOptions { BatchSize = 8, OnFailedRow = failed.Add, IsOrdered = isOrdered }))
            .RunWith(Sink.Seq<float>(), materializer).WaitAsync(Patience);

        var expected = Sums(model, [.. rows.Where(row => row.Length == 8)]);
        Assert.Equal(expected.Order(), answers.Order());
        Assert.True(!isOrdered || expected.SequenceEqual(answers));
        Assert.Equal(13, Assert.Single(failed).Index);
        await UntilAsync(() => Host.Actors.Pools.Count == 0);
    }

    [Fact]
    public async Task MapBatches_should_let_go_of_what_the_reader_of_a_stream_did_not_take()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        // What the first pool of a model makes stays for the next ones.
        await ReadAsync(80);
        var before = LiveTensors();

        await ReadAsync(1);

        // The stage may have one in its hands that it had not handed over.
        await UntilAsync(() => LiveTensors() <= before + 1);

        async Task ReadAsync(int count)
        {
            var answers = await Source.From(Rows(80))
                .Via(wrapper.MapBatchesFlow<float[], Tensor>(
                    (_, batch) => [.. batch.Select(row => tensor(row))], new MapBatchesOptions { BatchSize = 8 }))
                .Take(count).RunWith(Sink.Seq<Tensor>(), materializer).WaitAsync(Patience);
            Assert.Equal(count, answers.Count);
            Assert.All(answers, answer => answer.Dispose());
            await UntilAsync(() => Host.Actors.Pools.Count == 0);
        }
    }

    [Fact]
    public async Task MapBatches_should_dispose_given_rows_of_a_stream_whose_batch_did_not_come_to_be()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var rows = Enumerable.Range(0, 8).Select(_ => rand(1, 8)).ToList();

        await Assert.ThrowsAnyAsync<Exception>(() => Source.From(RowsAndFailure())
            .Via(wrapper.MapBatchesFlow<Tensor, int>(
                (_, batch) => new int[batch.Count], new MapBatchesOptions { BatchSize = 5, Ownership = ArgumentOwnership.Give }))
            .RunWith(Sink.Seq<int>(), materializer).WaitAsync(Patience));

        await UntilAsync(() => rows.TrueForAll(row => row.IsInvalid));

        IEnumerable<Tensor> RowsAndFailure()
        {
            foreach (var row in rows)
            {
                yield return row;
            }

            throw new InvalidDataException("the source is gone");
        }
    }

    [Fact]
    public async Task MapBatches_should_dispose_a_given_row_of_a_stream_that_fails_before_its_pool_is_up()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        using var gate = new ManualResetEventSlim();
        var row = rand(1, 8);
        var (queue, answers) = Source.Queue<Tensor>(1, OverflowStrategy.Backpressure)
            .Via(wrapper.MapBatchesFlow<object, Tensor, int>(
                _ => Gated(), (_, batch) => new int[batch.Count],
                new MapBatchesOptions { BatchSize = 5, Ownership = ArgumentOwnership.Give }))
            .ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(materializer);

        await queue.OfferAsync(row).WaitAsync(Patience);
        queue.Fail(new InvalidDataException("the source is gone"));
        await Assert.ThrowsAnyAsync<Exception>(() => answers.WaitAsync(Patience));

        await UntilAsync(() => row.IsInvalid);
        gate.Set();
        await UntilAsync(() => Host.Actors.Pools.Count == 0);

        object Gated()
        {
            gate.Wait(Patience);
            return new object();
        }
    }

    [Fact]
    public async Task MapBatches_should_dispose_the_given_rows_of_a_stream_whose_pool_does_not_start()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var rows = Enumerable.Range(0, 8).Select(_ => rand(1, 8)).ToList();
        wrapper.Unload();

        await Assert.ThrowsAnyAsync<Exception>(() => Source.From(rows)
            .Via(wrapper.MapBatchesFlow<Tensor, int>(
                (_, batch) => new int[batch.Count], new MapBatchesOptions { BatchSize = 5, Ownership = ArgumentOwnership.Give }))
            .RunWith(Sink.Seq<int>(), materializer).WaitAsync(Patience));

        await UntilAsync(() => rows.Take(5).All(row => row.IsInvalid));
        rows.ForEach(row => row.Dispose());
    }

    [Fact]
    public async Task MapBatches_should_fail_a_stream_at_once_whose_pool_does_not_start_though_its_source_says_no_more()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var row = rand(1, 8);
        wrapper.Unload();
        var (queue, answers) = Source.Queue<Tensor>(1, OverflowStrategy.Backpressure)
            .Via(wrapper.MapBatchesFlow<Tensor, int>(
                (_, batch) => new int[batch.Count], new MapBatchesOptions { BatchSize = 5, Ownership = ArgumentOwnership.Give }))
            .ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(materializer);

        await queue.OfferAsync(row).WaitAsync(Patience);

        var error = await Assert.ThrowsAnyAsync<Exception>(() => answers.WaitAsync(Patience));
        Assert.IsType<RecipeUnavailableException>(error);
        await UntilAsync(() => row.IsInvalid);
    }

    [Fact]
    public async Task MapBatches_should_fail_the_stream_with_what_a_batch_failed_with()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Source.From(Rows(20))
            .Via(wrapper.MapBatchesFlow<float[], float>((_, _) => throw new InvalidOperationException("bad weather")))
            .RunWith(Sink.Seq<float>(), materializer).WaitAsync(Patience));

        Assert.Contains("bad weather", error.ToString(), StringComparison.Ordinal);
        await UntilAsync(() => Host.Actors.Pools.Count == 0);
    }

    [Fact]
    public async Task MapBatches_should_fail_the_stream_with_what_its_source_failed_with_also_where_that_holds_other_errors()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);
        using var materializer = Host.ActorSystem.Materializer();
        var own = new AggregateException("the source's own", new InvalidDataException("one of several"));

        var failed = Source.Failed<float[]>(own)
            .Via(wrapper.MapBatchesFlow<float[], float>(Sums)).RunWith(Sink.Seq<float>(), materializer);

        Assert.Same(own, await Assert.ThrowsAnyAsync<Exception>(() => failed.WaitAsync(Patience)));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
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

    /// <summary>What a user writes who has more than a model: it loads what it needs once.</summary>
    private sealed class Summing : IDisposable
    {
        private static int _made;
        private static int _disposed;
        private readonly Module<Tensor, Tensor> _model;

        public Summing(ModelWrapper<Module<Tensor, Tensor>> wrapper)
        {
            Interlocked.Increment(ref _made);
            _model = wrapper.Load();
        }

        public static int Made => _made;

        public static int Disposed => _disposed;

        public static void Reset() => (_made, _disposed) = (0, 0);

        public float[] Run(IReadOnlyList<float[]> batch) => Sums(_model, batch);

        public void Dispose()
        {
            Interlocked.Increment(ref _disposed);
            ModelWrapper.Release(_model);
        }
    }
}
