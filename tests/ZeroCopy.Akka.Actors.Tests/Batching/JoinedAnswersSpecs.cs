using System.Collections.Concurrent;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Batching;

/// <summary>Joining never answers what a single call would not answer.</summary>
public sealed class JoinedAnswersSpecs() : ZeroCopySpec("""
    akka.loglevel = WARNING
    zerocopy.batching { adaptive = off, max-rows = 2, max-delay = 10s }
    zerocopy.inference.pools.joined { size = 1, batching.enabled = on }
    """)
{
    private readonly FakeSource _source = new();
    private readonly FakeCodec _codec = new();
    private readonly ConcurrentQueue<int[]> _runs = new();

    [Fact]
    public async Task Joined_answers_should_be_compared_once_and_then_believed()
    {
        var pool = await PoolAsync(rows => rows.Select(row => row * 10));
        Assert.Equal([10, 20], await AnswersAsync(pool, 1, 2));
        Assert.Equal([[1, 2], [1], [2]], _runs);
        _runs.Clear();
        Assert.Equal([30, 40], await AnswersAsync(pool, 3, 4));
        Assert.Equal([[3, 4]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_be_refused_for_good_when_a_row_is_not_its_requests()
    {
        var pool = await PoolAsync(rows => rows.AsEnumerable().Reverse());
        await EventFilter.Warning(contains: "batching.verify = off").ExpectOneAsync(
            async () => Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2)));
        _runs.Clear();
        Assert.Equal([3, 4], await AnswersAsync(pool, 3, 4));
        Assert.Equal([[3], [4]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_prove_nothing_for_other_requests_when_all_requests_were_the_same()
    {
        var pool = await PoolAsync(rows => rows.AsEnumerable().Reverse());
        Assert.Equal([7, 7], await AnswersAsync(pool, 7, 7));
        _runs.Clear();
        Assert.Equal([7, 7], await AnswersAsync(pool, 7, 7));
        Assert.Equal([[7, 7]], _runs);
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_be_refused_when_only_single_calls_succeed()
    {
        var pool = await PoolAsync(rows => rows.Length == 1 ? rows : throw new FormatException("one row"));
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        _runs.Clear();
        Assert.Equal([3, 4], await AnswersAsync(pool, 3, 4));
        Assert.Equal([[3], [4]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_stay_believed_when_a_bad_request_fails_its_batch()
    {
        var pool = await PoolAsync(rows => rows.Contains(-1) ? throw new FormatException("negative") : rows);
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        var bad = pool.CallAsync(new FakeTensor(-1));
        var good = pool.CallAsync(new FakeTensor(5));
        await FailsAsync(InferenceFailure.ModelError, bad);
        await good.WaitAsync(Patience);
        _runs.Clear();
        Assert.Equal([3, 4], await AnswersAsync(pool, 3, 4));
        Assert.Equal([[3, 4]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_be_compared_again_when_they_have_more_rows_than_any_that_was()
    {
        var pool = await Zero.CreatePoolAsync(
            "joined", _source, Run(rows => rows.Length > 3 ? rows.Select(_ => 0) : rows), _codec,
            s => s with { Batching = s.Batching! with { MaxRows = 4 } });
        // The third does not fit beside the first two, and is full with the fourth.
        FakeTensor[] requests = [new(1), new(2), new(3, 4, 5), new(6)];
        Assert.Equal([1, 2, 3, 4, 5, 6], await AnswersAsync(pool, requests));
        Assert.Equal([[1, 2], [1], [2], [3, 4, 5, 6], [3, 4, 5], [6]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Joined_answers_should_be_believed_at_once_when_the_settings_say_so()
    {
        var pool = await Zero.CreatePoolAsync(
            "joined", _source, Run(rows => rows), _codec, s => s with { Batching = s.Batching! with { Verify = false } });
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        Assert.Equal([[1, 2]], _runs);
        await EndAsync(pool);
    }

    private static Task<IEnumerable<int>> AnswersAsync(InferencePool pool, params int[] requests) =>
        AnswersAsync(pool, Array.ConvertAll(requests, row => new FakeTensor(row)));

    private static async Task<IEnumerable<int>> AnswersAsync(InferencePool pool, FakeTensor[] requests)
    {
        var answers = await Task.WhenAll(requests.Select(request => pool.CallAsync(request))).WaitAsync(Patience);
        return answers.SelectMany(answer => ((FakeTensor)answer!).Rows);
    }

    private ModelFunction Run(Func<int[], IEnumerable<int>> function) => (_, argument) =>
    {
        var rows = ((FakeTensor)argument!).Rows;
        _runs.Enqueue(rows);
        return new FakeTensor([.. function(rows)]);
    };

    private Task<InferencePool> PoolAsync(Func<int[], IEnumerable<int>> function) =>
        Zero.CreatePoolAsync("joined", _source, Run(function), _codec);

    private async Task EndAsync(InferencePool pool)
    {
        await pool.DrainAsync().WaitAsync(Patience);
        Assert.Equal(0, _source.Out);
        Assert.All(_codec.Joined, joined => Assert.Equal(1, joined.Released));
        Assert.All(_codec.Parts, part => Assert.InRange(part.Released, 0, 1));
    }
}
